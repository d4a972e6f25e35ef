#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe::floors {

struct Include {
  std::string path;
  bool angled = false;  ///< <path>, so not ours
  int line = 0;
};

/// One .h or .cpp of the project.
struct SourceFile {
  std::string path;  ///< from the top of the project: "runtime/base/result.h"
  std::string text;
  std::vector<Include> includes;

  bool is_header() const { return path.ends_with(".h"); }
  /// "runtime" of "runtime/base/result.h".
  std::string folder() const { return path.substr(0, path.find('/')); }
  /// "base" of "runtime/base/result.h"; "" when the file is directly in its top-level folder.
  std::string part() const;
};

/// All sources of the project by path, floors and tests alike.
class SourceTree {
 public:
  /// Reads what lies below `root`, build directories left out. Throws when `root` is not the project.
  static SourceTree read(const std::string& root);

  const std::map<std::string, SourceFile>& files() const { return files_; }
  const SourceFile* find(const std::string& path) const;

  /// The project files that `path` includes, directly or not, itself among them.
  std::set<std::string> closure(const std::string& path) const;

 private:
  std::map<std::string, SourceFile> files_;
};

/// The floors of the project, lowest first.
std::vector<std::string> floor_names();

/// The file as it is on disk; throws when it cannot be read.
std::string read_text(const std::string& path);

/// One complaint a line, for a test's message.
std::string lines(const std::vector<std::string>& complaints);

}  // namespace troupe::floors

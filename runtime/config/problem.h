#pragma once

#include "runtime/base/secret.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// A point in one of the files a configuration was read from. Lines and columns count from 1; columns are
/// code points, as editors show them.
struct Place {
  int file = 0;  ///< index into Sources
  int line = 1;
  int column = 1;
};

/// The files of one configuration, in the order they were opened.
class Sources {
 public:
  /// `name` is what messages call the file; `folder` is where its relative paths start (absolute).
  int add(std::string name, std::string folder);
  const std::string& name(int file) const { return files_[static_cast<std::size_t>(file)].name; }
  const std::string& folder(int file) const { return files_[static_cast<std::size_t>(file)].folder; }
  std::size_t size() const { return files_.size(); }
  /// "troupe.yaml:3:5"
  std::string point(Place place) const;

 private:
  struct File {
    std::string name;
    std::string folder;
  };
  std::vector<File> files_;
};

enum class Severity { error, warning };

/// One thing that is wrong with a configuration.
struct Problem {
  Severity severity = Severity::error;
  std::string file;
  int line = 1;
  int column = 1;
  std::string text;
};

/// "file:line:col: error: text"
std::string render(const Problem& problem);

/// Everything that is wrong, collected rather than thrown, so that a person fixes it all in one go. Keeps the
/// first limits::kConfigProblems; the rest are counted.
class Problems {
 public:
  explicit Problems(const Sources& sources) : sources_(sources) {}
  Problems(const Problems&) = delete;

  void error(Place place, std::string text) { add(Severity::error, place, std::move(text)); }
  void warning(Place place, std::string text) { add(Severity::warning, place, std::move(text)); }
  std::size_t errors() const { return errors_; }

  /// Sorted by file, line and column, each said once, every secret masked.
  std::vector<Problem> take(const Secrets& secrets);

 private:
  struct Entry {
    Severity severity;
    Place place;
    std::string text;
    std::size_t order = 0;
  };
  void add(Severity severity, Place place, std::string text);

  const Sources& sources_;
  std::vector<Entry> entries_;
  std::size_t errors_ = 0;
  std::size_t dropped_ = 0;
};

}  // namespace troupe::config

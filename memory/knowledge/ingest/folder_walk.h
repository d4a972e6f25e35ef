#pragma once

#include "memory/knowledge/ingest/list_draft.h"
#include "memory/knowledge/ingest/path_pattern.h"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>
#include <vector>

namespace troupe::memory {

/// Which files of folders belong to a source, and who reads them.
struct SourceFilter {
  const Loaders* loaders = nullptr;  ///< null: none
  std::string loader;                ///< what the source names; "": nobody
  /// Whether a file of this name is of a format that is read: by the loader, or by anybody.
  bool wants(std::string_view path) const;
};

/// Finds the files of one folder. What it finds, and what it could not look at, goes into the draft.
class FolderWalk {
 public:
  /// `pattern` is of this folder; null: all files of known formats. All outlive it.
  FolderWalk(const std::string& folder, const PathPattern* pattern, const SourceFilter& filter,
             ListDraft& list);

  /// False when a limit or a cancel ended it.
  bool run();

 private:
  using Identity = std::pair<dev_t, ino_t>;
  struct Entry {
    std::string path;
    PathPattern::State state = 0;
    std::size_t depth = 0;
  };

  bool walk(const Entry& folder);
  bool visit(Entry entry, std::string_view name);
  bool follow(const Entry& link);
  bool wanted(const Entry& file) const;
  bool inside(const std::string& path) const;
  bool take(const Entry& file, const struct stat& status);
  void unseen(const std::string& path, std::string why);

  const std::string folder_;
  const PathPattern* pattern_;
  const SourceFilter& filter_;
  ListDraft& list_;
  std::string root_;  // the folder's real path
  std::vector<Entry> links_;
  std::set<Identity> folders_;
  std::set<Identity> files_;
};

}  // namespace troupe::memory

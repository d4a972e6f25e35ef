#pragma once

#include "memory/knowledge/ingest/source_list.h"

#include <cstddef>
#include <string>
#include <sys/stat.h>
#include <unordered_map>

namespace troupe::memory {

/// A SourceList while it is made: what keeps its bounds.
class ListDraft {
 public:
  /// `options` outlive it.
  explicit ListDraft(const ListOptions& options) : options_(options) {}

  /// Each source once; the first counts, but that a loader is named for it. False: there is no room for
  /// another, and a problem says so.
  bool take(SourceItem item);
  /// To be asked before each name of a folder. True: a limit or a cancel ends the listing.
  bool spent();

  void problem(std::string sentence) { list_.problems.push_back(std::move(sentence)); }
  void remark(std::string sentence) { list_.remarks.push_back(std::move(sentence)); }
  /// It is named, or lies in what is named, and cannot be looked at.
  void unseen(const std::string& path);

  /// How often it was given an item, those that it had before included.
  std::size_t offered() const { return offered_; }
  SourceList finish() &&;

 private:
  const ListOptions& options_;
  SourceList list_;
  std::unordered_map<std::string, std::size_t> taken_;  // places in the list
  std::size_t offered_ = 0;
  std::size_t entries_ = 0;
};

/// A file as an item.
SourceItem file_item(std::string path, const struct stat& status, std::string root = "");

/// What is known of a file without reading it, in one text: size, time of its last change, inode.
std::string file_stamp(const struct stat& status);

}  // namespace troupe::memory

#pragma once

#include "runtime/base/result.h"
#include "runtime/store/database_copy.h"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::store {

/// The files of a store that a backup has, in the order they are copied: the journal, without which there is
/// none, and the documents of knowledge bases, where there are any. The cache of replies, the lock and what
/// is set aside are left out; so are files that agents wrote (`artifacts`), which are not in the store.
inline constexpr const char* kJournalFile = "journal.db";
inline constexpr const char* kKnowledgeFile = "knowledge.db";

struct BackupSummary {
  std::vector<std::string> files;
  std::int64_t bytes = 0;
};

struct BackupOptions {
  bool force = false;  ///< an earlier backup of that name is replaced, once the new one is whole
};

/// Copies the store in `directory` into the new folder `target` (0700, its files 0600), beside a daemon that
/// writes it or not. The folder has its name only once everything in it is whole and on disk; until then it
/// is called `target.partial`, and what an interrupted backup left under that name is taken away by the next.
/// It is a store itself: whatever reads one reads it. Journal and documents are each as of one moment, not of
/// the same. Errors: not_found (no store), conflict (`target` is there and `force` is not set, or is not a
/// backup), busy (another backup to the same place is under way), store.
Result<BackupSummary> back_up(const std::string& directory, const std::string& target, BackupOptions options,
                              const CopyProgress& progress);

}  // namespace troupe::store

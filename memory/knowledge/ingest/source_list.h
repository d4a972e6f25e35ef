#pragma once

#include "memory/knowledge/ingest/external_loader.h"
#include "memory/knowledge/source.h"
#include "runtime/base/result.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// One thing to take in.
struct SourceItem {
  std::string source;  ///< absolute path, or URL
  bool is_url = false;
  std::uint64_t size = 0;  ///< of a file
  std::string stamp;       ///< of a file, as file_stamp() writes it; "" of a URL: only its server knows
  std::string root;        ///< real path of the folder it was found in: it must lie there; "": it was named
  std::string loader{};    ///< who reads it, as Loaders::named() takes it; "": by format
  bool operator==(const SourceItem&) const = default;
};

/// What sources hold now.
struct SourceList {
  std::vector<SourceItem> items;      ///< by source, each once
  std::vector<std::string> problems;  ///< what a person has to mend: whole sentences
  std::vector<std::string> remarks;   ///< what a person may want to know
  std::vector<std::string> unseen;    ///< files and folders that are named and could not be looked at
  bool complete = true;               ///< false: a limit ended it, and what it lacks may be there

  /// Whether nothing is known of a source that is not among the items: it is no sign that it is gone.
  bool is_unseen(std::string_view source) const;
};

struct ListOptions {
  std::size_t files = 100'000;                         ///< items; further ones are left out
  std::shared_ptr<const std::atomic<bool>> cancelled;  ///< ends it early; null: nobody does
  std::shared_ptr<const Loaders> loaders{};            ///< whose formats are known, too; null: there are none
};

/// What is behind `sources`: files as they are named; of folders, to any depth, the files of formats that are
/// known by their names; of patterns (PathPattern) the files that match; URLs of http and https as they are
/// named, without asking their servers. A source that names a loader gives it what it finds, also where
/// another source finds the same; of a folder these are the files that the loader reads. Hidden files and
/// folders are passed over unless they are named. Symbolic links in folders are followed when they stay in
/// the folder and lead to what would not be found without them. Nothing here is an error: see SourceList.
/// Blocks: not for the loop.
SourceList list_sources(const std::vector<Source>& sources, const ListOptions& options);

}  // namespace troupe::memory

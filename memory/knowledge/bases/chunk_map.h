#pragma once

#include "memory/knowledge/bases/chunk_set.h"
#include "memory/knowledge/search/filter.h"
#include "memory/knowledge/store/queries.h"
#include "runtime/base/json.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::memory {

/// Which chunks a base has and what a filter may ask of them, in memory: a filter is decided here, before
/// anything is ranked or counted. About 20 bytes a chunk, and the metadata of each document once. One writer,
/// and no reader beside it.
class ChunkMap {
 public:
  /// Documents, each once, in any order, before their chunks.
  void add(DocumentFields document);
  /// Chunks by ascending id, all above those that are there; how many were taken. It ends at the first of an
  /// unknown document: that and what follows belongs to changes that are not known yet.
  std::size_t add(std::span<const ChunkPage::Place> places);
  /// Takes a document with its chunks away, and names these. An unknown one has none.
  std::vector<std::int64_t> remove(std::int64_t document);
  /// The same, but the document stays.
  std::vector<std::int64_t> remove_chunks(std::int64_t document);

  bool has(std::int64_t document) const { return documents_.contains(document); }
  /// The id of a document by its source, its id as text, or the end of its path ("leave.md", "docs/leave.md")
  /// where that is of one document only. 0: there is none.
  std::int64_t find(std::string_view document) const;
  std::vector<std::int64_t> documents() const;
  std::int64_t last_document() const { return documents_.empty() ? 0 : documents_.rbegin()->first; }
  std::size_t document_count() const { return documents_.size(); }
  std::size_t size() const { return chunks_; }
  /// What it takes of memory, about.
  std::size_t bytes() const { return bytes_; }

  /// The chunks that a filter lets through, of all documents or of the one with this id. Evaluated once for
  /// each document, or once for each place where it reads `page` or `heading`. Linear in the chunks.
  ChunkSet allowed(const Filter& filter, std::int64_t document) const;
  /// The documents that a filter lets through, which reads neither `page` nor `heading`; ascending.
  std::vector<std::int64_t> allowed_documents(const Filter& filter) const;
  /// Whether a filter looks at more than its document.
  static bool looks_at_places(const Filter& filter);

  /// A sign of what is in it: which documents, taken in when. Another order makes no difference.
  std::uint64_t stamp() const;

 private:
  struct Run {  // of chunks that follow on each other and stand on one page under one heading
    std::int64_t first = 0;
    std::uint32_t count = 0;
    int page = 0;
    std::uint32_t heading = 0;
  };
  struct Entry {
    Json fields;
    std::int64_t at_ms = 0;
    std::size_t bytes = 0;  // of the fields
    std::vector<Run> runs;
  };

  std::uint32_t heading_number(const std::string& heading);
  std::vector<std::int64_t> take_chunks(Entry& entry);
  static void add_all(const Entry& entry, ChunkSet& set);
  void add_matching(const Entry& entry, const Filter& filter, ChunkSet& set) const;

  std::map<std::int64_t, Entry> documents_;
  std::unordered_map<std::string, std::int64_t> by_source_;
  std::vector<std::string> headings_{""};
  std::unordered_map<std::string, std::uint32_t> heading_numbers_{{"", 0}};
  std::size_t chunks_ = 0;
  std::size_t bytes_ = 0;
  std::int64_t first_ = 0;  // ids are between the two
  std::int64_t last_ = -1;
};

}  // namespace troupe::memory

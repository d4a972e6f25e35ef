#pragma once

#include "memory/knowledge/chunk.h"
#include "memory/knowledge/index/vector_indexes.h"
#include "memory/knowledge/search/settings.h"

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::memory {

/// How much of the sources is taken in, as `knowledge.NAME.limits` says.
struct IngestLimits {
  std::size_t files = 100'000;            ///< documents of one base
  std::size_t file_bytes = 64u << 20;     ///< of one; a larger one is passed over with a warning
  std::size_t read_seconds = 60;          ///< of processor time and of waiting, for one document
  std::size_t reader_bytes = 512u << 20;  ///< memory of the process that reads one
};

/// One entry of `knowledge:`.
struct KnowledgeSettings {
  std::string name;                  ///< its key
  std::string description;           ///< for people, and for the model that is given a retriever
  std::vector<std::string> sources;  ///< absolute paths, folders, patterns of `*`, `**`, `?`, `[…]`; URLs
  ChunkSettings chunk;
  std::string embedding;  ///< key in `embeddings:`; "": `default`, or without one `builtin`
  IndexSettings index;    ///< without dimensions
  SearchSettings search;
  IngestLimits limits;
};

}  // namespace troupe::memory

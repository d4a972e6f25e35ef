#pragma once

#include "memory/knowledge/chunk.h"
#include "memory/knowledge/index/vector_indexes.h"
#include "memory/knowledge/search/settings.h"
#include "memory/knowledge/source.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace troupe::memory {

/// Bytes of memory that all bases of a process may take together, estimated, where `knowledge_memory` does
/// not say otherwise.
inline constexpr std::size_t kKnowledgeMemory = std::size_t{1} << 30;

/// How much of the sources is taken in, as `knowledge.NAME.limits` says.
struct IngestLimits {
  std::size_t files = 100'000;                  ///< documents of one base
  std::size_t file = 64u << 20;                 ///< bytes of one; a larger one is passed over with a warning
  std::chrono::milliseconds read_time{60'000};  ///< for reading one
  std::size_t memory = 512u << 20;              ///< bytes that the process that reads one may use
};

/// One entry of `knowledge:`.
struct KnowledgeSettings {
  std::string name;         ///< its key
  std::string description;  ///< for people, and for the model that is given a retriever
  std::vector<Source> sources;
  ChunkSettings chunk;
  std::string embedding;  ///< key in `embeddings:`; "": `default`, or without one `builtin`
  IndexSettings index;    ///< without dimensions
  SearchSettings search;
  IngestLimits limits;
};

}  // namespace troupe::memory

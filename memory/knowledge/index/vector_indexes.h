#pragma once

#include "memory/knowledge/index/hnsw_index.h"
#include "memory/knowledge/index/outside_index.h"
#include "memory/knowledge/vector_index.h"
#include "runtime/base/json.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace troupe::memory {

/// Up to so many vectors are compared with every query, where the settings do not say otherwise: a few
/// milliseconds with vectors of 384.
inline constexpr std::size_t kFlatVectors = 50'000;

/// How the vectors of a knowledge base are searched.
struct IndexSettings {
  std::optional<IndexKind> kind;  ///< none: flat up to `flat_vectors`, then hnsw; flat with a plugin
  std::string plugin;  ///< PLUGIN or PLUGIN/SERVICE, which is asked where there are more than `flat_vectors`
  Json options = Json::object();  ///< what that is told
  OutsideMaker outside;           ///< what it was found to be; without it every vector is compared
  Metric metric = Metric::cosine;
  std::size_t dimensions = 0;
  std::size_t flat_vectors = kFlatVectors;
  HnswSettings hnsw;
  bool operator==(const IndexSettings&) const = default;
};

/// An empty index for about `expected` vectors: with none of the kinds set, that number decides. Any thread.
/// Errors: invalid (settings), busy (no memory).
Result<std::unique_ptr<VectorIndex>> make_index(const IndexSettings& settings, std::size_t expected);

/// What save() wrote, if it is of these settings and of `stamp`. Blocks: not for the loop; about a second for
/// a gigabyte. Whatever the error, the caller builds another with make_index(), and may save it over this
/// one. Errors: not_found, store (disk), invalid (settings, or a damaged file), conflict (a whole file of
/// another stamp, of other settings or of another version), busy (no memory).
Result<std::unique_ptr<VectorIndex>> load_index(const std::string& file, const IndexSettings& settings,
                                                std::uint64_t stamp);

/// Whether an index should be built anew from its rows: it is worn, or has grown to where the other kind is
/// better. It may be used until then: the caller makes another beside it, on a thread of its own, with
/// make_index(settings, index.size()), and puts it in its place. The way back is a hysteresis: a graph
/// stays until half of `flat_vectors` are left.
bool rebuild_due(const VectorIndex& index, const IndexSettings& settings);

}  // namespace troupe::memory

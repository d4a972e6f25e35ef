#pragma once

#include "memory/knowledge/search/filter.h"
#include "memory/knowledge/search/hit.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::memory {

/// What a list of candidates is made of.
struct CandidateQuery {
  std::size_t count = 0;  ///< at most so many
  Filter filter;          ///< of filter_fields(); decides before `count` does
  std::string document;   ///< the id or the source of the only document; "": all
  bool vectors = false;   ///< nearest: candidates with their vectors
};

struct Candidate {
  std::int64_t chunk = 0;
  double score = 0;
  std::vector<float> vector;  ///< when asked for
};

/// The chunks of one knowledge base and tenant, as a search sees them. Concurrent calls are fine. Loop thread
/// only. Lists are best first, equal scores by id, each chunk once; finding nothing is no error. Errors:
/// not_found (no such document), store, cancelled; invalid (a query vector of another length).
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;

  /// The nearest chunks by cosine similarity, whatever the metric of the index: that is the score.
  virtual Task<Result<std::vector<Candidate>>> nearest(std::vector<float> query, CandidateQuery wanted,
                                                       CallContext& context) = 0;
  /// The best chunks by BM25; the score is higher where it is better (SQLite's bm25() is its negative). A
  /// query without a word finds nothing.
  virtual Task<Result<std::vector<Candidate>>> keyword(std::string query, CandidateQuery wanted,
                                                       CallContext& context) = 0;
  /// The chunks with these ids, in any order. One that is gone is left out.
  virtual Task<Result<std::vector<StoredChunk>>> load(std::vector<std::int64_t> chunks,
                                                      CallContext& context) = 0;
  /// The chunks [first, last] of a document by ordinal; fewer where there are fewer.
  virtual Task<Result<std::vector<StoredChunk>>> by_ordinal(std::int64_t document, std::size_t first,
                                                            std::size_t last, CallContext& context) = 0;
  /// The chunks of a document that share a byte with [begin, end) of its text, by ordinal.
  virtual Task<Result<std::vector<StoredChunk>>> by_place(std::int64_t document, std::size_t begin,
                                                          std::size_t end, CallContext& context) = 0;
};

}  // namespace troupe::memory

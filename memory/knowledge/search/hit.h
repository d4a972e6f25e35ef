#pragma once

#include "memory/knowledge/stored_chunk.h"
#include "runtime/base/json.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// What a score is. Scores of different kinds are not compared.
enum class ScoreKind : std::uint8_t {
  cosine,    ///< similarity of vectors, -1 … 1
  bm25,      ///< of words; higher is better, no upper bound
  rrf,       ///< sum of reciprocal ranks
  weighted,  ///< weighted mean of normalised scores
  mmr,       ///< marginal relevance when it was chosen; may be below 0
  rerank,    ///< as a model says
};
std::string_view word(ScoreKind kind);

/// Where a list had a hit, to explain why it was found.
struct Placing {
  ScoreKind list = ScoreKind::cosine;
  std::size_t rank = 0;  ///< from 1
  double score = 0;
  bool operator==(const Placing&) const = default;
};

/// Bytes [begin, end) of a document, which stand in Hit::text from `at` on.
struct Piece {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t at = 0;
  bool operator==(const Piece&) const = default;
};

/// What is found. Its text is the chunk's, or what expansion and compression made of it: then begin and end
/// span everything, and the pieces say what stands where.
struct Hit {
  std::int64_t chunk = 0;
  std::int64_t document = 0;
  std::size_t ordinal = 0;
  std::string source;
  std::string title;
  int page = 0;
  std::string heading;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string text;
  double score = 0;
  ScoreKind score_kind = ScoreKind::cosine;
  Json metadata = Json::object();
  std::vector<Piece> pieces;         ///< in the order of the text; one for a chunk as it is
  std::vector<Placing> placings;     ///< how each list had it
  std::vector<std::int64_t> merged;  ///< worse hits that expansion made a part of it
};

Hit hit_of(StoredChunk chunk);

/// What a Filter looks at: the chunk's metadata, and over them `title`, `source`, `page` and `heading` where
/// the chunk has them, and `document`, its id.
Json filter_fields(const StoredChunk& chunk);

/// The fields of a hit as the interfaces show it. `score` has 6 digits at most.
Json to_json(const Hit& hit);

}  // namespace troupe::memory

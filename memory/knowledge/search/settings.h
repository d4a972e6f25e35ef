#pragma once

#include "memory/knowledge/search/filter.h"
#include "memory/knowledge/search/fusion.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

enum class SearchMode : std::uint8_t {
  similarity,  ///< the `k` nearest by cosine similarity
  keyword,     ///< the `k` best by BM25
  hybrid,      ///< both lists, fused
  mmr,         ///< relevant and unlike each other
  threshold,   ///< the nearest whose cosine similarity is at least `min_score`, at most `k`
};
std::string_view word(SearchMode mode);
std::optional<SearchMode> search_mode(std::string_view word);
std::vector<std::string> search_modes();

/// What the list by vectors counts in hybrid, beside 1 for the list by words, where nothing is written: equal
/// for embedders that know meanings. The built-in one sees words as BM25 does, without a corpus' statistics,
/// and would take away more than it adds (docs/evaluation.md).
inline constexpr double kSimilarityWeight = 1;
inline constexpr double kBuiltinSimilarityWeight = 0.2;

/// What is wrong with a setting, and what to write instead.
struct SettingsProblem {
  std::string field;  ///< as in the configuration: "fetch_k", "hybrid.rrf_k"
  std::string text;
};

/// How a knowledge base is searched, as `knowledge.NAME.search`, a step of a chain, a request or the command
/// line say.
struct SearchSettings {
  struct Hybrid {
    enum class Fusion : std::uint8_t { rrf, weighted } fusion = Fusion::weighted;
    double rrf_k = kRrfK;
    Normalisation normalise = Normalisation::min_max;  ///< of weighted
    std::optional<double> similarity_weight;           ///< nothing: by the embedder
    double keyword_weight = 1;
  };
  struct Rerank {
    std::string model;      ///< "": not done
    std::size_t top_n = 0;  ///< hits that remain; 0: `k`
  };
  struct Compress {
    enum class By : std::uint8_t { none, extractive, model } by = By::none;
    std::string model;          ///< by model: its name
    std::size_t sentences = 3;  ///< of each hit, at most
    bool embeddings = false;    ///< extractive: the sentences' vectors count, too; costs an embedding of all
  };
  struct Expand {
    std::size_t neighbours = 0;     ///< chunks on each side
    bool parent = false;            ///< the document, or as much of it around the hit as `characters` allow
    std::size_t characters = 4000;  ///< of parent
    bool any() const { return parent || neighbours > 0; }
  };

  SearchMode mode = SearchMode::similarity;
  std::size_t k = 6;                ///< hits
  std::size_t fetch_k = 20;         ///< candidates that mmr, hybrid and rerank choose from
  double lambda = 0.25;             ///< mmr: 1 is relevance only, 0 difference only
  std::optional<double> min_score;  ///< of threshold: a cosine similarity
  Filter filter;
  std::string document;  ///< only this one: its id or its source; "": all
  Hybrid hybrid;
  Rerank rerank;
  Compress compress;
  Expand expand;

  /// Chunks that are fetched before anything is chosen from them.
  std::size_t candidates() const;
  /// Hits at the end, at most.
  std::size_t hits() const;
  bool needs_vectors() const { return mode != SearchMode::keyword; }

  /// Everything that is wrong, in the order of the fields; empty: nothing. Names of models are for the caller
  /// to look up.
  std::vector<SettingsProblem> check() const;
};

}  // namespace troupe::memory

#include "memory/knowledge/search/settings.h"

#include "memory/knowledge/search/limits.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::pair<SearchMode, std::string_view> kModes[] = {{SearchMode::similarity, "similarity"},
                                                              {SearchMode::keyword, "keyword"},
                                                              {SearchMode::hybrid, "hybrid"},
                                                              {SearchMode::mmr, "mmr"},
                                                              {SearchMode::threshold, "threshold"}};

class Problems {
 public:
  void add(std::string field, std::string text) { found_.push_back({std::move(field), std::move(text)}); }
  void count(std::string field, std::size_t value, std::size_t least, std::size_t most) {
    if (value < least || value > most)
      add(std::move(field), fmt::format("is {}; write a whole number from {} to {}", value, least, most));
  }
  std::vector<SettingsProblem> take() { return std::move(found_); }

 private:
  std::vector<SettingsProblem> found_;
};

bool within_range(double value, double least, double most) {
  return std::isfinite(value) && value >= least && value <= most;
}

void check_choice(const SearchSettings& s, Problems& problems) {
  problems.count("k", s.k, 1, limits::kSearchHits);
  problems.count("fetch_k", s.fetch_k, 1, limits::kSearchCandidates);
  const bool chooses = s.mode == SearchMode::mmr || s.mode == SearchMode::hybrid || !s.rerank.model.empty();
  if (chooses && s.fetch_k < s.k)
    problems.add("fetch_k",
                 fmt::format("is {}, so that `k` = {} cannot be chosen from them; write at least {}",
                             s.fetch_k, s.k, s.k));
  if (!within_range(s.lambda, 0, 1))
    problems.add(
        "lambda",
        fmt::format("is {}; write a number from 0 (as different as can be) to 1 (relevance only)", s.lambda));
  if (s.mode == SearchMode::threshold && !s.min_score)
    problems.add("min_score",
                 "is missing; mode threshold keeps what has at least this cosine similarity, "
                 "such as 0.5");
  if (s.mode != SearchMode::threshold && s.min_score)
    problems.add("min_score",
                 fmt::format("is for mode threshold; mode {} does not look at it: leave it out, or "
                             "write `mode: threshold`",
                             word(s.mode)));
  if (s.min_score && !within_range(*s.min_score, -1, 1))
    problems.add("min_score",
                 fmt::format("is {}; a cosine similarity is a number from -1 to 1", *s.min_score));
}

void check_hybrid(const SearchSettings::Hybrid& hybrid, Problems& problems) {
  if (!within_range(hybrid.rrf_k, 0, 1e6))
    problems.add("hybrid.rrf_k", fmt::format("is {}; write a number from 0, usually 60", hybrid.rrf_k));
  for (auto [field, weight] :
       {std::pair{"hybrid.weights.similarity", hybrid.similarity_weight.value_or(kSimilarityWeight)},
        std::pair{"hybrid.weights.keyword", hybrid.keyword_weight}})
    if (!within_range(weight, 0, 1e6))
      problems.add(field, fmt::format("is {}; write a number from 0", weight));
  if (hybrid.similarity_weight == 0.0 && hybrid.keyword_weight == 0)
    problems.add("hybrid.weights", "are both 0, so that nothing counts; write such as 0.5 and 0.5");
}

void check_after(const SearchSettings& s, Problems& problems) {
  if (s.rerank.top_n > s.k)
    problems.add("rerank.top_n",
                 fmt::format("is {}, but there are only `k` = {} hits; write less, or raise `k`",
                             s.rerank.top_n, s.k));
  if (s.rerank.top_n > 0 && s.rerank.model.empty())
    problems.add("rerank.model", "is missing; name a model of `models:` that is to put the hits in order");
  problems.count("compress.sentences", s.compress.sentences, 1, limits::kKeptSentences);
  const bool by_model = s.compress.by == SearchSettings::Compress::By::model;
  if (by_model && s.compress.model.empty())
    problems.add("compress.model", "is missing; name a model of `models:`, or write `by: extractive`");
  if (!by_model && !s.compress.model.empty())
    problems.add("compress.model", "is for `by: model`; leave it out, or write that");
  problems.count("expand.neighbours", s.expand.neighbours, 0, limits::kExpandNeighbours);
  if (s.expand.parent && s.expand.neighbours > 0)
    problems.add("expand", "has both `neighbours` and `parent`; leave one out");
  if (s.expand.parent) problems.count("expand.characters", s.expand.characters, 1, limits::kParentCharacters);
}

}  // namespace

std::string_view word(SearchMode mode) {
  return std::ranges::find(kModes, mode, &std::pair<SearchMode, std::string_view>::first)->second;
}

std::optional<SearchMode> search_mode(std::string_view word) {
  for (auto [mode, name] : kModes)
    if (name == word) return mode;
  return std::nullopt;
}

std::vector<std::string> search_modes() {
  std::vector<std::string> words;
  for (auto [mode, name] : kModes) words.emplace_back(name);
  return words;
}

std::size_t SearchSettings::candidates() const {
  const bool chooses = mode == SearchMode::mmr || mode == SearchMode::hybrid || !rerank.model.empty();
  return chooses ? std::max(k, fetch_k) : k;
}

std::size_t SearchSettings::hits() const {
  return !rerank.model.empty() && rerank.top_n > 0 ? std::min(k, rerank.top_n) : k;
}

std::vector<SettingsProblem> SearchSettings::check() const {
  Problems problems;
  check_choice(*this, problems);
  check_hybrid(hybrid, problems);
  check_after(*this, problems);
  return problems.take();
}

}  // namespace troupe::memory

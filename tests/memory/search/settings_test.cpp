#include "memory/knowledge/search/settings.h"

#include <functional>
#include <limits>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

std::string problems(const std::function<void(SearchSettings&)>& change) {
  SearchSettings settings;
  change(settings);
  std::string text;
  for (const SettingsProblem& problem : settings.check()) text += problem.field + " " + problem.text + "\n";
  return text;
}

}  // namespace

TEST_CASE("the defaults are in order, in every mode") {
  CHECK(problems([](auto&) {}) == "");
  for (const std::string& name : search_modes()) {
    const auto mode = search_mode(name);
    REQUIRE(mode.has_value());
    CHECK(word(*mode) == name);
    CHECK(problems([mode](auto& s) {
            s.mode = *mode;
            if (s.mode == SearchMode::threshold) s.min_score = 0.5;
          }) == "");
  }
  CHECK(search_modes().size() == 5);
  CHECK(!search_mode("similar"));
}

TEST_CASE("a setting that cannot be meant is told, with what to write") {
  struct Case {
    std::function<void(SearchSettings&)> change;
    const char* told;
  };
  const Case kCases[] = {
      {[](auto& s) { s.k = 0; }, "k is 0; write a whole number from 1 to 200"},
      {[](auto& s) { s.k = 1'000; }, "k is 1000; write"},
      {[](auto& s) { s.fetch_k = 0; }, "fetch_k is 0"},
      {[](auto& s) { s.mode = SearchMode::mmr, s.fetch_k = 3; },
       "fetch_k is 3, so that `k` = 6 cannot be chosen"},
      {[](auto& s) { s.lambda = 1.5; }, "lambda is 1.5; write a number from 0"},
      {[](auto& s) { s.lambda = std::numeric_limits<double>::quiet_NaN(); }, "lambda is nan"},
      {[](auto& s) { s.mode = SearchMode::threshold; }, "min_score is missing"},
      {[](auto& s) { s.min_score = 0.5; },
       "min_score is for mode threshold; mode similarity does not look at it"},
      {[](auto& s) { s.mode = SearchMode::threshold, s.min_score = 70; },
       "min_score is 70; a cosine similarity"},
      {[](auto& s) { s.hybrid.rrf_k = -1; }, "hybrid.rrf_k is -1"},
      {[](auto& s) { s.hybrid.keyword_weight = -1; }, "hybrid.weights.keyword is -1"},
      {[](auto& s) { s.hybrid.similarity_weight = s.hybrid.keyword_weight = 0; },
       "hybrid.weights are both 0"},
      {[](auto& s) { s.rerank = {"main", 7}; }, "rerank.top_n is 7, but there are only `k` = 6 hits"},
      {[](auto& s) { s.rerank.top_n = 3; }, "rerank.model is missing"},
      {[](auto& s) { s.compress.sentences = 0; }, "compress.sentences is 0"},
      {[](auto& s) { s.compress.by = SearchSettings::Compress::By::model; }, "compress.model is missing"},
      {[](auto& s) { s.compress.model = "main"; }, "compress.model is for `by: model`"},
      {[](auto& s) { s.expand.neighbours = 51; },
       "expand.neighbours is 51; write a whole number from 0 to 50"},
      {[](auto& s) { s.expand.neighbours = 1, s.expand.parent = true; }, "expand has both"},
      {[](auto& s) { s.expand.parent = true, s.expand.characters = 0; }, "expand.characters is 0"}};
  for (const Case& one : kCases) {
    const std::string told = problems(one.change);
    CHECK_MESSAGE(told.starts_with(one.told), told);
  }
}

TEST_CASE("how many are fetched, and how many stay") {
  SearchSettings settings{.k = 5, .fetch_k = 20};
  CHECK(settings.candidates() == 5);
  settings.mode = SearchMode::mmr;
  CHECK(settings.candidates() == 20);
  settings.mode = SearchMode::keyword;
  settings.rerank = {"main", 3};
  CHECK(settings.candidates() == 20);
  CHECK(settings.hits() == 3);
  CHECK(!settings.needs_vectors());
  settings.rerank.top_n = 0;
  CHECK(settings.hits() == 5);
}

#include "memory/knowledge/search/overrides.h"

#include "tests/memory/store/knowledge_rows.h"

using namespace troupe;
using namespace troupe::memory;
using memory::testing::take;

TEST_CASE("what a search asks for is put over what its base says") {
  SearchSettings base;
  base.mode = SearchMode::mmr;
  base.k = 6;
  base.fetch_k = 20;
  base.lambda = 0.25;
  base.filter = take(Filter::parse({{"lang", "ko"}}));
  const auto asked =
      take(overrides_from({{"k", 30}, {"filter", {{"year", 2024}}}, {"document", 7}, {"lambda", 1}}));
  const SearchSettings made = with(base, asked);
  CHECK(made.mode == SearchMode::mmr);
  CHECK(made.k == 30);
  CHECK(made.fetch_k == 30);
  CHECK(made.lambda == 1);
  CHECK(made.document == "7");
  CHECK(made.check().empty());
  CHECK(made.filter.matches({{"lang", "ko"}, {"year", 2024}}));
  CHECK_FALSE(made.filter.matches({{"year", 2024}}));
  CHECK_FALSE(made.filter.matches({{"lang", "ko"}}));
}

TEST_CASE("a least score alone means mode threshold, and that of the base means nothing to another mode") {
  const SearchSettings made = with({}, take(overrides_from({{"min_score", 0.4}})));
  CHECK(made.mode == SearchMode::threshold);
  CHECK(made.check().empty());
  const SearchSettings other = with(made, take(overrides_from({{"mode", "keyword"}})));
  CHECK(other.mode == SearchMode::keyword);
  CHECK(other.check().empty());
}

TEST_CASE("overrides that are none are refused with their place") {
  auto refused = [](const Json& value) {
    auto read = overrides_from(value);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == ErrorCode::invalid);
    return read.error().message;
  };
  CHECK(refused({{"mode", "fuzzy"}}).contains("/mode: is \"fuzzy\"; write one of similarity, keyword"));
  CHECK(refused({{"k", 0}}).contains("/k: is 0"));
  CHECK(refused({{"k", "6"}}).contains("/k"));
  CHECK(refused({{"k", 2.5}}).contains("/k"));
  CHECK(refused({{"lambda", "high"}}).contains("/lambda"));
  CHECK(refused({{"filter", {{"year", {{"gtt", 1}}}}}}).contains("/filter"));
  CHECK(refused({{"top_k", 3}}).contains("/top_k: a search has no such key"));
  CHECK(refused({{"fetchk", 3}}).contains("did you mean `fetch_k`?"));
  CHECK(refused(Json::array()).contains("no object"));
  CHECK(overrides_from(nullptr).has_value());
}

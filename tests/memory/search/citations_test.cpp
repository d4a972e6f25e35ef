#include "memory/knowledge/search/citations.h"

#include "memory/knowledge/search/limits.h"
#include "tests/memory/search/reading.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;
using troupe::memory::testing::plain_reading;

namespace {

using Numbers = std::vector<std::size_t>;

Numbers numbers(std::string_view answer) {
  Numbers all;
  for (const CitationMarker& marker : citation_markers(answer))
    all.insert(all.end(), marker.numbers.begin(), marker.numbers.end());
  return all;
}

std::vector<Hit> three_hits() {
  std::vector<Hit> hits;
  for (const char* text : {"The tower is 330 m high. It stands in Paris.", "Bridges rust.", "Lifts go up."}) {
    StoredChunk chunk{.id = static_cast<std::int64_t>(hits.size() + 10),
                      .document = 7,
                      .begin = 1000,
                      .end = 1000 + std::string_view(text).size(),
                      .page = 3,
                      .source = "https://example.org/tower",
                      .title = "Tower",
                      .text = text};
    hits.push_back(hit_of(std::move(chunk)));
  }
  return hits;
}

}  // namespace

TEST_CASE("markers as models write them") {
  struct Case {
    const char* answer;
    Numbers found;
  };
  const Case kCases[] = {{"It is high [1].", {1}},
                         {"[1][2] and [1, 3], [2;3]", {1, 2, 1, 3, 2, 3}},
                         {"as in [2-4] and [1–2]", {2, 3, 4, 1, 2}},
                         {"높다【1】, 【2†source】 【4:0†a.md】", {1, 2, 4}},
                         {"［3］ 〔2〕 [^1] [ 2 , 3 ]", {3, 2, 1, 2, 3}},
                         {"a link [1](https://example.org/)", {1}},
                         {"in [2024], [1999-2001], [12345]", {}},
                         {"[a], [], [1, ], [1 2], [-1], [+1], [1.5], [1", {}},
                         {"[3-1], [1-999]", {}},
                         {"`a[1]` and ``b`[2]`` but [3]", {3}},
                         {"```\nx = a[1]\n``` then [2]", {2}},
                         {"a lone ` does not hide [1]", {1}},
                         {"[[1]]", {1}},
                         {"【1†unclosed", {}},
                         {"[0]", {0}}};
  for (const Case& one : kCases) CHECK_MESSAGE(numbers(one.answer) == one.found, one.answer);
  const auto markers = citation_markers("So [1, 2].");
  REQUIRE(markers.size() == 1);
  CHECK(markers[0] == CitationMarker{3, 9, {1, 2}});
}

TEST_CASE("markers have a limit, and backticks without end take no time") {
  std::string many;
  for (int i = 0; i < 2'000; ++i) many += "[1]";
  CHECK(citation_markers(many).size() == limits::kCitations);
  std::string ticks;
  for (std::size_t i = 1; i < 1'000; ++i) ticks += std::string(i, '`') + ' ';
  CHECK(numbers(ticks + "[1]") == Numbers{1});
}

TEST_CASE("only what was offered is cited") {
  const auto hits = three_hits();
  const Citations found = citations_of("High [1], lifts [3, 9] and [1]; [12], [0].", hits);
  REQUIRE(found.list.size() == 2);
  CHECK(found.list[0].index == 1);
  CHECK(found.list[0].chunk == 10);
  CHECK(found.list[0].begin == 1000);
  CHECK(found.list[0].end == 1000 + hits[0].text.size());
  CHECK(found.list[0].quote.empty());
  CHECK(found.list[1].index == 3);
  CHECK(found.list[1].chunk == 12);
  CHECK(found.unknown == Numbers{0, 9, 12});
  CHECK(citations_of("[1]", {}).unknown == Numbers{1});
  CHECK(citations_of("", hits).list.empty());
}

TEST_CASE("the sentence of the source that says it is quoted, by its place") {
  const auto hits = three_hits();
  const Citations found = citations_of(
      "Paris has it.[1] Nothing is said about this. [2]\nIt is 330 m high. [1]", hits, plain_reading());
  REQUIRE(found.list.size() == 2);
  CHECK(found.list[0].quote == "It stands in Paris.");
  CHECK(found.list[0].begin == 1000 + 25);
  CHECK(found.list[0].end == 1000 + hits[0].text.size());
  CHECK(found.list[1].quote.empty());
  CHECK(found.list[1].begin == 1000);
}

TEST_CASE("as an event's field") {
  auto hits = three_hits();
  hits[0].score = 0.123456789;
  Json json = to_json(citations_of("[1]", hits).list[0]);
  CHECK(dump(json) ==
        R"({"index":1,"title":"Tower","url":"https://example.org/tower","chunk":10,"document":7,)"
        R"("page":3,"begin":1000,"end":1044,"score":0.123457,"score_kind":"cosine"})");
  hits[0].source = "docs/tower.md", hits[0].page = 0, hits[0].title = "";
  json = to_json(citations_of("[1]", hits).list[0]);
  CHECK(json["source"] == "docs/tower.md");
  CHECK(!json.contains("url"));
  CHECK(!json.contains("page"));
  CHECK(!json.contains("title"));
}

#include "memory/knowledge/chunkers/chunker.h"

#include "tests/memory/chunkers/chunk_checks.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;
using testing::broken_promise;
using testing::cut;
using testing::joined;

namespace {

std::string refusal(const ChunkSettings& settings) {
  const auto chunks = chunk({.text = "a text"}, settings);
  REQUIRE_FALSE(chunks);
  CHECK(chunks.error().code == ErrorCode::invalid);
  return chunks.error().message;
}

}  // namespace

TEST_CASE("the kinds have names, and a setting that cannot be followed says what to change") {
  CHECK(chunker_names() == std::vector<std::string_view>{"recursive", "markdown", "sentence", "tokens"});
  CHECK(refusal({.by = "recursiv"}).contains("did you mean `recursive`?"));
  CHECK(refusal({.by = ""}).contains("recursive, markdown, sentence, tokens"));
  CHECK(refusal({.unit = "words"}).contains("characters, tokens"));
  CHECK(refusal({.size = 0, .overlap = 0}).contains("from 1 to 1000000"));
  CHECK(refusal({.size = 2'000'000, .overlap = 0}).contains("2000000"));
  CHECK(refusal({.unit = "tokens", .size = 3, .overlap = 0}).contains("from 4"));
  CHECK(refusal({.size = 100, .overlap = 100}).contains("lower the overlap"));
  CHECK(refusal({.size = 100, .overlap = 500}).contains("overlap of 500 with a size of 100"));
  for (std::string_view by : chunker_names())
    CHECK(check_chunking({.by = std::string(by), .size = 1, .overlap = 0}));
}

TEST_CASE("a text of blanks has no chunks, and a short one is one") {
  for (std::string_view by : chunker_names()) {
    const ChunkSettings settings{.by = std::string(by), .size = 20, .overlap = 5};
    CHECK(cut("", settings) == "");
    CHECK(cut(" \n\n\t　 \n", settings) == "");
    CHECK(cut("  Hello, world.\n\n", settings) == "Hello, world.");
  }
}

TEST_CASE("records are packed whole, and one that is too long is cut by itself") {
  Document rows{.text = "name,age\nKim,1\nLee,22\nPark Geun and a long remark,3\nChoi,4\n"};
  for (std::size_t at = 9; at < rows.text.size(); at = rows.text.find('\n', at) + 1)
    rows.records.push_back(at);
  for (std::string_view by : {"recursive", "sentence", "markdown"})
    CHECK(joined(rows, chunk(rows, {.by = std::string(by), .size = 21, .overlap = 0})) ==
          "name,age\nKim,1\nLee,22|Park Geun and a long|remark,3|Choi,4");
  CHECK(joined(rows, chunk(rows, {.by = "tokens", .size = 21, .overlap = 0})) ==
        "name,age\nKim,1\nLee,22|Park Geun and a long|remark,3|Choi,4");
  CHECK(joined(rows, chunk(rows, {.size = 21, .overlap = 8})) ==
        "name,age\nKim,1\nLee,22|Park Geun and a long|a long remark,3|Choi,4");
  for (std::string_view by : chunker_names())
    for (std::size_t size : {5, 14, 21, 30, 100})
      CHECK(broken_promise(rows, {.by = std::string(by), .size = size, .overlap = size / 3}) == "");
}

TEST_CASE("a record after the text's end is none") {
  Document odd{.text = "a b", .records = {1, 7}};
  CHECK(joined(odd, chunk(odd, {.size = 10, .overlap = 0})) == "a b");
}

TEST_CASE("a chunk tells the page and the headings it begins under") {
  Document paper{.format = "pdf",
                 .text = "Front\n\nOne\n\nText one.\n\nTwo\n\nText two, longer.\n\nPart\n\nEnd."};
  const auto at = [&](std::string_view what) { return paper.text.find(what); };
  paper.pages = {{at("One"), 3}, {at("Text two"), 4}};
  paper.headings = {{at("One"), 1, "One"}, {at("Two"), 2, "Two"}, {at("Part"), 1, "Part"}};
  const auto chunks = chunk(paper, {.size = 17, .overlap = 0});
  REQUIRE(chunks);
  std::string told;
  for (const Chunk& one : *chunks)
    told += paper.text.substr(one.begin, one.end - one.begin) + '@' + std::to_string(one.page) + ' ' +
            one.heading + '\n';
  CHECK(told ==
        "Front\n\nOne@0 \nText one.\n\nTwo@3 One\nText two, longer.@4 One > Two\nPart\n\nEnd.@4 Part\n");
}

TEST_CASE("of headings that are long or deep a chunk tells a part") {
  Document deep{.text = "x"};
  for (int level = 1; level <= 30; ++level)
    deep.headings.push_back({0, level, level == 30 ? std::string(299, 'h') + "é…" : std::to_string(level)});
  const auto chunks = chunk(deep, {});
  REQUIRE(chunks);
  CHECK(chunks->at(0).heading == "21 > 22 > 23 > 24 > 25 > 26 > 27 > 28 > 29 > " + std::string(299, 'h'));
}

TEST_CASE("a document that would have too many chunks is refused") {
  const auto chunks = chunk({.text = std::string(1'000'001, 'a')}, {.by = "tokens", .size = 1, .overlap = 0});
  REQUIRE_FALSE(chunks);
  CHECK(chunks.error().code == ErrorCode::too_large);
  CHECK(chunks.error().message.contains("1000000 chunks"));
}

TEST_CASE("bytes that are no UTF-8 are cut somewhere, and nothing is lost") {
  std::string garbage;
  for (int i = 0; i < 3'000; ++i) garbage += static_cast<char>(i * 7 + i / 256);
  const auto& encoding = models::tokens::Encoding::get(models::tokens::EncodingName::cl100k_base);
  for (std::string_view by : chunker_names())
    for (std::string_view unit : chunk_units()) {
      const auto chunks =
          chunk({.text = garbage},
                {.by = std::string(by), .unit = std::string(unit), .size = 50, .overlap = 9}, &encoding);
      REQUIRE(chunks);
      CHECK(chunks->size() > 20);
      CHECK(chunks->back().end <= garbage.size());
    }
}

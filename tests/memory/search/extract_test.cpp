#include "memory/knowledge/search/extract.h"

#include "memory/knowledge/search/limits.h"
#include "tests/memory/search/reading.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;
using troupe::memory::testing::plain_reading;

namespace {

Hit hit(std::string text, std::size_t begin = 100) {
  StoredChunk chunk{
      .id = 1, .document = 1, .begin = begin, .end = begin + text.size(), .text = std::move(text)};
  return hit_of(std::move(chunk));
}

/// What is left of a text, and whether every piece of it is where it says.
std::string extract(std::string_view query, const std::string& text, std::size_t most) {
  const TextReading reading = plain_reading();
  Hit one = hit(text);
  const std::string_view passages[] = {text};
  const Extraction extraction(query, passages, reading);
  keep_sentences(one, extraction, extraction.best(most).front());
  for (const Piece& piece : one.pieces)
    CHECK(one.text.substr(piece.at, piece.end - piece.begin) ==
          text.substr(piece.begin - 100, piece.end - piece.begin));
  CHECK(one.begin == one.pieces.front().begin);
  CHECK(one.end == one.pieces.back().end);
  return one.text;
}

constexpr const char* kTower =
    "The tower stands in Paris. It was painted often. Gustave Eiffel's company designed the tower.  "
    "Lifts were added. The company also designed bridges.";

}  // namespace

TEST_CASE("the sentences that share words with the query stay, in their order") {
  CHECK(extract("who designed the tower", kTower, 3) ==
        "The tower stands in Paris. … Gustave Eiffel's company designed the tower. … "
        "The company also designed bridges.");
  CHECK(extract("who designed the tower", kTower, 1) == "Gustave Eiffel's company designed the tower.");
  CHECK(extract("who added lifts", kTower, 3) == "Lifts were added.");
  CHECK(extract("painted lifts", kTower, 5) == "It was painted often. … Lifts were added.");
}

TEST_CASE("neighbours keep what stands between them") {
  CHECK(extract("lifts and Eiffel", kTower, 3) ==
        "Gustave Eiffel's company designed the tower.  Lifts were added.");
}

TEST_CASE("something always stays") {
  CHECK(extract("nothing of this sort", kTower, 3) == "The tower stands in Paris.");
  CHECK(extract("", kTower, 3) == "The tower stands in Paris.");
  CHECK(extract("tower", "tower", 1) == "tower");
  CHECK(extract("에펠탑", "에펠탑 높이는 330 미터. 파리에 있다.", 1) == "에펠탑 높이는 330 미터.");
  Hit blank = hit("  \n ");
  const std::string_view passages[] = {blank.text};
  const TextReading reading = plain_reading();
  const Extraction extraction("x", passages, reading);
  REQUIRE(extraction.sentences().size() == 1);
  keep_sentences(blank, extraction, extraction.best(3).front());
  CHECK(blank.text == "  \n ");
}

TEST_CASE("rare words of the query weigh more than common ones") {
  CHECK(extract("tower lifts",
                "The tower. The tower again. A tower of iron. Lifts go up. The tower at night.",
                1) == "Lifts go up.");
}

TEST_CASE("words are weighed among all passages") {
  const TextReading reading = plain_reading();
  // "tower" is in all but one sentence, "iron" in one.
  const std::string_view passages[] = {"A tower. Iron. Rust.", "A tower. The tower. That tower."};
  const Extraction extraction("iron tower", passages, reading);
  REQUIRE(extraction.sentences().size() == 6);
  CHECK(extraction.score(1) > extraction.score(0));
  CHECK(extraction.score(0) > 0);
  CHECK(extraction.score(2) == 0);
  CHECK(extraction.text(extraction.sentences()[4]) == "The tower.");
  CHECK(extraction.best(1) == std::vector<std::vector<std::size_t>>{{1}, {3}});
}

TEST_CASE("similarities of vectors count beside words") {
  const TextReading reading = plain_reading();
  const std::string_view passages[] = {"A lift. An elevator. A door."};
  Extraction extraction("lift", passages, reading);
  CHECK(extraction.best(3).front() == std::vector<std::size_t>{0});
  const double similarities[] = {0.4, 0.9, -0.5};
  extraction.add(similarities);
  CHECK(extraction.best(3).front() == std::vector<std::size_t>{0, 1});
  CHECK(extraction.score(2) == 0);
}

TEST_CASE("pieces of an expanded hit follow, and a gap in it stands nowhere") {
  Hit one = hit("First part.", 0);
  one.text = "First part." + std::string(kGap) + "Second part. Third.";
  one.pieces = {{0, 11, 0}, {50, 69, 11 + kGap.size()}};
  const TextReading reading = plain_reading();
  const std::string_view passages[] = {one.text};
  const Extraction extraction("second", passages, reading);
  keep_sentences(one, extraction, extraction.best(1).front());
  CHECK(one.text == "… Second part.");
  CHECK(one.pieces == std::vector<Piece>{{50, 62, 4}});
  CHECK(one.begin == 50);
  CHECK(one.end == 62);
}

TEST_CASE("a passage of very many sentences is read to a limit") {
  std::string text;
  for (std::size_t i = 0; i < limits::kPassageSentences + 10; ++i) text += "So. ";
  const TextReading reading = plain_reading();
  const std::string_view passages[] = {text};
  CHECK(Extraction("so", passages, reading).sentences().size() == limits::kPassageSentences);
}

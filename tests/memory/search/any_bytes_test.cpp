#include "memory/knowledge/search/citations.h"
#include "memory/knowledge/search/filter.h"
#include "memory/knowledge/search/model_call.h"
#include "memory/knowledge/search/ranking.h"
#include "memory/knowledge/search/rewrite.h"
#include "memory/knowledge/search/sentence_choice.h"
#include "tests/memory/search/reading.h"

#include <algorithm>
#include <random>
#include <set>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

/// Texts made of the pieces that the readers look for, and of bytes that are nothing.
std::string scrap(std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {"[",        "]",     "{",
                                                 "}",        "\"",    ":",
                                                 ",",        "1",     "2",
                                                 "99",       "1e999", "-1",
                                                 "index",    "score", "\\",
                                                 "\n",       "【",    "】",
                                                 "†",        "`",     "```",
                                                 "question", "[1",    "sentences",
                                                 "\"1\":[",  ">",     "=",
                                                 "!=",       ".",     " ",
                                                 "가",       "\xE3",  "\xFF",
                                                 "$or",      "any",   "not",
                                                 "gt",       "0.5",   R"({"1":[3,1,9]})",
                                                 "null",     "true",  "[^",
                                                 "–"};
  std::string out;
  for (std::size_t i = random() % 40; i > 0; --i) out += kPieces[random() % std::size(kPieces)];
  return out;
}

}  // namespace

TEST_CASE("whatever models and people write is read without harm, and means what it may mean only") {
  const TextReading reading = testing::plain_reading();
  const std::string_view passages[] = {"One. Two. Three.", "Four."};
  const Extraction extraction("two", passages, reading);
  std::size_t ranked = 0, chosen = 0, marked = 0;
  for (unsigned seed = 0; seed < 8'000; ++seed) {
    std::mt19937 random(seed);
    const std::string text = scrap(random);
    if (auto ranking = read_ranking(text, 3)) {
      ++ranked;
      std::set<std::size_t> seen;
      for (const Verdict& verdict : ranking->order)
        REQUIRE((verdict.index < 3 && seen.insert(verdict.index).second));
      REQUIRE(seen.size() == 3);
    }
    if (auto choice = read_sentence_choice(text, extraction, 2, 2)) {
      ++chosen;
      REQUIRE(choice->size() == 2);
      for (std::size_t p = 0; p < 2; ++p) {
        REQUIRE((*choice)[p].size() <= 2);
        REQUIRE(std::ranges::is_sorted((*choice)[p]));
        for (std::size_t s : (*choice)[p]) REQUIRE(extraction.sentences()[s].passage == p);
      }
    }
    for (const CitationMarker& marker : citation_markers(text)) {
      ++marked;
      REQUIRE(marker.begin < marker.end);
      REQUIRE(marker.end <= text.size());
      REQUIRE(!marker.numbers.empty());
    }
    if (auto question = read_standalone(text)) REQUIRE(!question->empty());
    if (auto value = parse_json(text))
      if (auto filter = Filter::parse(*value)) filter->matches({{"any", 1}});
    const std::string terms[] = {text};
    if (auto filter = Filter::parse_terms(terms)) filter->matches({{"1", 1}});
    if (text.size() < 100) (void)parse_json(data_text({{"text", text}}));
  }
  CHECK(ranked > 100);
  CHECK(chosen > 10);
  CHECK(marked > 100);
}

#include "memory/knowledge/chunkers/sentences.h"
#include "runtime/base/json.h"
#include "tests/fakes/fixtures.h"
#include "tests/memory/chunkers/chunk_checks.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <random>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;
using models::tokens::Encoding;
using testing::broken_promise;
using enum models::tokens::EncodingName;

namespace {

std::vector<Document> fixtures() {
  std::vector<Document> documents;
  std::istringstream lines(fakes::read_fixture("chunks/documents.jsonl.gz"));
  for (std::string line; std::getline(lines, line);)
    documents.push_back({.text = (*parse_json(line))["text"].get<std::string>()});
  return documents;
}

constexpr std::string_view kPieces[] = {"a",
                                        "word",
                                        "Wörter",
                                        " ",
                                        " ",
                                        "  ",
                                        "\n",
                                        "\n\n",
                                        "\n \n",
                                        ". ",
                                        "! ",
                                        "。",
                                        ", ",
                                        "한국어",
                                        "는 ",
                                        "日本語",
                                        "を",
                                        "ไทย",
                                        "👨‍👩‍👧‍👦",
                                        "🇰🇷",
                                        "e\u0301",
                                        "\u0301",
                                        "\u200d",
                                        "- ",
                                        "1. ",
                                        "# ",
                                        "## ",
                                        "```\n",
                                        "| ",
                                        "> ",
                                        "Dr. ",
                                        "\t",
                                        "\u00a0",
                                        "\u3000",
                                        "12345",
                                        "https://a.b/c?d=e",
                                        "(",
                                        ")",
                                        "\"",
                                        "「",
                                        "」",
                                        "漢",
                                        "ن",
                                        "\u200b",
                                        "---\n",
                                        "===\n",
                                        "~~~\n"};

Document random_document(std::mt19937& random) {
  Document document;
  const std::size_t pieces = random() % 60;
  const std::size_t kinds = 1 + random() % std::size(kPieces);
  const std::size_t first = random() % std::size(kPieces);
  int level = 1;
  for (std::size_t i = 0; i < pieces; ++i) {
    document.text += kPieces[(first + random() % kinds) % std::size(kPieces)];
    const std::size_t place = random() % 40;
    const bool carried = random() % 2 == 0;
    if (place == 0) document.records.push_back(document.text.size());
    if (place == 1) document.pages.push_back({document.text.size(), level});
    if (place == 2 && carried) document.headings.push_back({document.text.size(), level++ % 4 + 1, "H"});
  }
  // Records, pages and headings begin at characters, as loaders have them.
  const auto at_letters = [&](std::size_t at) {
    return at < document.text.size() && static_cast<unsigned char>(document.text[at]) < 0x80;
  };
  std::erase_if(document.records, [&](std::size_t at) { return !at_letters(at); });
  std::erase_if(document.headings, [&](const auto& heading) { return !at_letters(heading.begin); });
  return document;
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string times(std::string_view unit, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += unit;
  return text;
}

double time_of(const Document& document, const ChunkSettings& settings, const Encoding* encoding) {
  double best = 1e9;
  for (int i = 0; i < 2; ++i) {
    const double begin = cpu_seconds();
    REQUIRE(chunk(document, settings, encoding));
    best = std::min(best, cpu_seconds() - begin);
  }
  return best;
}

}  // namespace

TEST_CASE("documents of English and Korean are cut as is promised, in every kind and unit") {
  const std::vector<Document> documents = fixtures();
  CHECK(documents.size() == 44);
  const Encoding* encodings[] = {&Encoding::get(cl100k_base), &Encoding::get(o200k_base), nullptr};
  std::size_t turn = 0;
  for (const Document& document : documents)
    for (std::string_view by : chunker_names()) {
      const std::size_t size = std::array<std::size_t, 5>{40, 500, 97, 1000, 200}[turn % 5];
      const std::size_t overlap = std::array<std::size_t, 3>{size / 5, 0, size / 2}[turn % 3];
      const std::string name(by);
      CHECK(broken_promise(document, {.by = name, .size = size, .overlap = overlap}) == "");
      CHECK(broken_promise(document, {.by = name, .unit = "tokens", .size = size, .overlap = overlap},
                           encodings[turn++ % 3]) == "");
    }
}

TEST_CASE("texts made at random are cut as is promised") {
  std::mt19937 random(20240917);
  const Encoding* encodings[] = {&Encoding::get(cl100k_base), &Encoding::get(o200k_base), nullptr};
  for (int i = 0; i < 4'000; ++i) {
    const Document document = random_document(random);
    ChunkSettings settings{.by = std::string(chunker_names()[random() % 4])};
    settings.unit = chunk_units()[random() % 2];
    settings.size = (settings.unit == "tokens" ? kChunkTokensMin : 1) + random() % 30;
    settings.overlap = random() % settings.size;
    CAPTURE(i);
    CAPTURE(document.text);
    CHECK(broken_promise(document, settings, encodings[random() % 3]) == "");
  }
}

TEST_CASE("windows of tokens are as long as they may be") {
  const Encoding& encoding = Encoding::get(o200k_base);
  const ChunkSettings settings{.by = "tokens", .unit = "tokens", .size = 50, .overlap = 10};
  std::size_t chunks = 0, full = 0;
  for (const Document& document : fixtures()) {
    const auto cut = chunk(document, settings, &encoding);
    REQUIRE(cut);
    for (const Chunk& one : *cut) {
      const std::size_t count = encoding.count(document.text.substr(one.begin, one.end - one.begin));
      CHECK(count <= 50);
      ++chunks;
      full += count >= 48;  // blanks at the ends, and characters of several tokens, are not in it
    }
  }
  CHECK(chunks > 1'000);
  CHECK(full > chunks * 9 / 10);
}

TEST_CASE("all the sentences of a document are its text") {
  for (const Document& document : fixtures()) {
    std::size_t end = 0;
    for (const auto& [begin, after] : sentences(document.text)) {
      CHECK(begin >= end);
      CHECK(document.text.find_first_not_of(" \t\n", end) >= begin);
      end = after;
    }
    CHECK(document.text.find_first_not_of(" \t\n", end) == std::string::npos);
  }
}

TEST_CASE("four times the text takes about four times as long, whatever it is") {
  const Encoding& encoding = Encoding::get(o200k_base);
  for (std::string_view unit : {"a", "ab\n\n", "我们在北京大学", "한국어는", "\u0301", "1. ", "(", "- a\n",
                                "# a\n", "```\n", "It is. ", "|a|b|\n", " \n", "a\n", "🇰🇷"})
    for (std::string_view by : chunker_names())
      for (std::string_view measure : chunk_units()) {
        if (measure == "tokens" && by != "recursive") continue;  // the slowest of them
        CAPTURE(unit);
        CAPTURE(by);
        CAPTURE(measure);
        const ChunkSettings settings{
            .by = std::string(by), .unit = std::string(measure), .size = 100, .overlap = 20};
        const double once = time_of({.text = times(unit, 5'000)}, settings, &encoding);
        const double more = time_of({.text = times(unit, 20'000)}, settings, &encoding);
        CHECK(more < 10 * once + 0.01);
      }
}

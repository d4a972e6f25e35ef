#include "memory/knowledge/loaders/load.h"

#include "tests/fakes/fixtures.h"
#include "tests/memory/loaders/loaded.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <random>

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::loaders;
using loaders::testing::broken_promise;
using loaders::testing::loaded;

namespace {

constexpr Format kFormats[] = {Format::text, Format::markdown, Format::html,  Format::pdf,
                               Format::csv,  Format::json,     Format::jsonl, Format::code};

/// All promises of Document, or a reason.
void check_any(std::string_view bytes, const LoadOptions& options) {
  for (const Format format : kFormats) {
    CAPTURE(word(format));
    const auto document = load(bytes, format, options);
    if (document)
      CHECK(broken_promise(*document) == "");
    else
      CHECK_FALSE(document.error().message.empty());
  }
}

/// Bytes that look like files, in any order.
std::string pieces(std::mt19937& random, std::size_t count) {
  static constexpr std::string_view kPieces[] = {"<div>",       "</p>",
                                                 "<td>",        "<li>",
                                                 "<table>",     "</table>",
                                                 "<!--",        "-->",
                                                 "<script>",    "</script>",
                                                 "<pre>",       "&amp;",
                                                 "&#x301;",     "<a href='https://e.org'>",
                                                 "</a>",        "<h1>",
                                                 "\"",          "'",
                                                 ",",           ";",
                                                 "\n",          "\r\n",
                                                 "\t",          "\f",
                                                 "{",           "}",
                                                 "[",           "]",
                                                 ":",           "1e9",
                                                 "true",        "\\u0301",
                                                 "# ",          "---\n",
                                                 "```\n",       "key: value\n",
                                                 "class A {\n", "def f():\n",
                                                 "e\u0301",     "\u1100\u1161\u11a8",
                                                 "\xFF",        "\xE2\x80",
                                                 "한국어",      "\x1E\x1F",
                                                 "\x01",        "word ",
                                                 "  "};
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += kPieces[random() % std::size(kPieces)];
  return text;
}

std::chrono::duration<double> time_of(std::string_view bytes, Format format) {
  auto best = std::chrono::duration<double>::max();
  for (int i = 0; i < 2; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    (void)load(bytes, format, {.path = "a.cpp"});
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin));
  }
  return best;
}

std::string times(std::string_view unit, std::size_t bytes) {
  std::string text;
  text.reserve(bytes + unit.size());
  while (text.size() < bytes) text += unit;
  return text;
}

}  // namespace

TEST_CASE("a plain text is its paragraphs, as they are") {
  const auto document = loaded("One\r\n\r\n  two\rthree\n\n\n", Format::text);
  CHECK(document.text == "One\n\n  two\nthree\n");
  CHECK(document.format == "text");
  CHECK(document.remarks.empty());
}

TEST_CASE("more bytes than are read are refused, more text is cut and told") {
  LoadOptions options;
  options.limits.input_bytes = 10;
  const auto refused = load("12345678901", Format::text, options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::too_large);
  options.limits.input_bytes = 1'000;
  options.limits.text_bytes = 50;
  for (const Format format : kFormats) {
    CAPTURE(word(format));
    const std::string text =
        format == Format::json ? "[\"" + times("text\\n", 200) + "\", 1]" : times("1\n", 200);
    const auto document = loaded(text, format, options);
    CHECK(document.text.size() <= 50);
  }
}

TEST_CASE("whatever the bytes, a document keeps its promises") {
  std::mt19937 random(1);
  LoadOptions small{.path = "a.py"};
  small.limits = {.text_bytes = 300,
                  .json_depth = 3,
                  .html_depth = 8,
                  .html_blocks = 20,
                  .records = 5,
                  .columns = 3,
                  .line_bytes = 50,
                  .headings = 3,
                  .heading_bytes = 20,
                  .metadata_entries = 2,
                  .metadata_bytes = 9,
                  .remarks = 2};
  for (int i = 0; i < 300; ++i) {
    const std::string text = pieces(random, random() % 80);
    CAPTURE(text);
    check_any(text, {});
    check_any(text, small);
  }
}

TEST_CASE("every file of the fixtures, read as every format") {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(fakes::fixture_path("documents"))) {
    const std::string name = entry.path().filename().string();
    CAPTURE(name);
    if (name.starts_with("wikipedia")) continue;  // large, and read by others
    check_any(fakes::read_fixture("documents/" + name), {.path = name});
    ++count;
  }
  CHECK(count >= 10);
}

TEST_CASE("time is in proportion to the bytes, whatever they hold") {
  struct Bomb {
    Format format;
    std::string_view head, unit;
  };
  const Bomb bombs[] = {
      {Format::html, "", "<div>"},
      {Format::html, "", "<b>"},
      {Format::html, "", "<p><b></p>"},
      {Format::html, "<b><p>", "<i></b>"},
      {Format::html, "", "<table><tr><td>"},
      {Format::html, "", "<ul><li>"},
      {Format::html, "", "<a href=https://e.org/x>"},
      {Format::html, "<div>", "</p></x>"},
      {Format::html, "", "<"},
      {Format::html, "", "&"},
      {Format::html, "", "&#"},
      {Format::html, "", "&ampamp"},
      {Format::html, "", "<!--"},
      {Format::html, "", "<!-- --"},
      {Format::html, "", "<script><!--"},
      {Format::html, "", "<title></"},
      {Format::html, "<a ", "b=c "},
      {Format::html, "<a href=\"", "x"},
      {Format::html, "", "<a b='"},
      {Format::html, "<p>", "word "},
      {Format::html, "<td>", "<td>"},
      {Format::html, "<td>", "a<br>"},
      {Format::html, "<pre>", "<div>a"},
      {Format::html, "", "<x-1><x-2></x-1>"},
      {Format::markdown, "", "`"},
      {Format::markdown, "", "`` ` ```"},
      {Format::markdown, "", "<!--"},
      {Format::markdown, "", "<!-- -->"},
      {Format::markdown, "# ", "["},
      {Format::markdown, "", "a\n-\n"},
      {Format::markdown, "---\na: [", "x,"},
      {Format::csv, "", "\""},
      {Format::csv, "", ",\"a"},
      {Format::csv, "", "\"\n"},
      {Format::csv, "", ","},
      {Format::csv, "a\n", "x\n"},
      {Format::json, "", "["},
      {Format::json, "", "{\"a\":"},
      {Format::json, "[", "1,"},
      {Format::json, "[\"", "\\u0041"},
      {Format::json, "", "9"},
      {Format::jsonl, "", "x\n"},
      {Format::jsonl, "", "[\n"},
      {Format::jsonl, "", "1\n"},
      {Format::pdf, "", "1\n\f"},
      {Format::pdf, "", "\n"},
      {Format::pdf, "", "\xE2\x80\xAB"},
      {Format::code, "", "/*\n"},
      {Format::code, "", "int f() {\n"},
      {Format::text, "", "a"},
      {Format::text, "", "e\u0301\u0323"},
      {Format::text, "e", "\u0301\u0323"},
      {Format::text, "", "\u1100\u1161\u11a8"},
      {Format::text, "", "\xFF"},
      {Format::text, "", "\r"},
      {Format::text, "", "\xB0\xA1"},
  };
  constexpr std::size_t kBytes = 400'000;
  for (const Bomb& bomb : bombs) {
    const std::string text = std::string(bomb.head) + times(bomb.unit, kBytes);
    CAPTURE(text.substr(0, 40));
    CAPTURE(word(bomb.format));
    // Sixteen times as long where work is quadratic.
    const auto part = time_of(std::string_view(text).substr(0, text.size() / 16), bomb.format);
    CHECK(time_of(text, bomb.format) < part * 64 + std::chrono::milliseconds(100));
  }
}

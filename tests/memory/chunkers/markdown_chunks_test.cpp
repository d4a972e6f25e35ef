#include "memory/knowledge/chunkers/markdown_headings.h"
#include "tests/memory/chunkers/chunk_checks.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe::memory;
using testing::broken_promise;
using testing::cut;

namespace {

ChunkSettings markdown(std::size_t size, std::size_t overlap = 0) {
  return {.by = "markdown", .size = size, .overlap = overlap};
}

std::string with_headings(const Document& document, const ChunkSettings& settings) {
  const auto chunks = chunk(document, settings);
  REQUIRE(chunks);
  std::string told;
  for (const Chunk& one : *chunks)
    told += "[" + one.heading + "] " + document.text.substr(one.begin, one.end - one.begin) + "\n";
  return told;
}

std::string headings_of(std::string_view text) {
  std::string told;
  for (const auto& heading : chunkers::markdown_headings(text))
    told += std::to_string(heading.level) + heading.text + "@" + std::to_string(heading.begin) + " ";
  return told;
}

}  // namespace

// The sections are those that LangChain's MarkdownHeaderTextSplitter makes of its documented example.
TEST_CASE("a section is a chunk with its headings, and a heading without a text belongs to the next") {
  const Document page{
      .text =
          "# Foo\n\n## Bar\n\nHi this is Jim\n\nHi this is Joe\n\n ### Boo \n\n Hi this is Lance \n\n"
          " ## Baz\n\n Hi this is Molly"};
  CHECK(with_headings(page, markdown(100)) ==
        "[Foo > Bar] # Foo\n\n## Bar\n\nHi this is Jim\n\nHi this is Joe\n"
        "[Foo > Bar > Boo] ### Boo \n\n Hi this is Lance\n"
        "[Foo > Baz] ## Baz\n\n Hi this is Molly\n");
  CHECK(with_headings(page, markdown(31)) ==
        "[Foo > Bar] # Foo\n\n## Bar\n\nHi this is Jim\n"
        "[Foo > Bar] Hi this is Joe\n"
        "[Foo > Bar > Boo] ### Boo \n\n Hi this is Lance\n"
        "[Foo > Baz] ## Baz\n\n Hi this is Molly\n");
}

TEST_CASE("headings that a document tells are taken instead of those of its text") {
  const Document page{.text = "Foo\n\nabc\n\n# no\n\nBar\n\nghi",
                      .headings = {{0, 1, "Foo"}, {16, 1, "Bar"}}};
  CHECK(with_headings(page, markdown(50)) == "[Foo] Foo\n\nabc\n\n# no\n[Bar] Bar\n\nghi\n");
}

TEST_CASE("records of a document with sections are packed within them") {
  Document page{.text = "a\nb\n# C\nd\ne\n# F\ng", .records = {0, 2, 4, 8, 10, 12, 16}};
  CHECK(testing::joined(page, chunk(page, markdown(30))) == "a\nb|# C\nd\ne|# F\ng");
  page.records = {0, 2, 8, 10, 16};  // a section begins in a record
  CHECK(testing::joined(page, chunk(page, markdown(30))) == "a|b|# C|d|e|# F|g");
}

TEST_CASE("headings are read as CommonMark has them") {
  CHECK(headings_of("# a #\n####### b\n#c\n   ## d {#id}\n    # e\n#\n") == "1a@0 2d@19 1@41 ");
  CHECK(headings_of("Title\n=====\ntext\n\nSub\n---\n") == "1Title@0 2Sub@18 ");
  CHECK(headings_of("one\ntwo\n---\n- item\n---\n\n---\n") == "");
  CHECK(headings_of("```\n# a\n~~~\n```\n# b\n~~~~\n# c\n~~~\n") == "1b@16 ");
  CHECK(headings_of("---\ntitle: a\n# b\n---\n# c\n") == "1c@21 ");
  CHECK(headings_of("---\nno end\n# b\n") == "1b@11 ");
  CHECK(headings_of("# 개요\n\n## `code` 절\n") == "1개요@0 2`code` 절@10 ");
}

TEST_CASE("fenced code and tables are cut only where they are longer than a chunk may be") {
  const std::string page =
      "Some text.\n\n```py\na = 1\n\nb = 2\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nMore.";
  CHECK(cut(page, markdown(33)) ==
        "Some text.|```py\na = 1\n\nb = 2\n```|| a | b |\n|---|---|\n| 1 | 2 ||More.");
  CHECK(cut(page, markdown(20)) == "Some text.|```py\na = 1|b = 2\n```|| a | b |\n|---|---||| 1 | 2 ||More.");
  CHECK(cut("```\nnever closed\n\nx\n", markdown(30)) == "```\nnever closed\n\nx");
}

TEST_CASE("items of a list stay whole, with what they hold and what leads to them") {
  const std::string list =
      "Steps:\n- one\n  - inner\n\n  ```\n  code\n  ```\n- two\n\n- three\n  more\n\nAfter the list.";
  CHECK(cut(list, markdown(60)) ==
        "Steps:\n- one\n  - inner\n\n  ```\n  code\n  ```\n- two|- three\n  more|After the list.");
  CHECK(cut(list, markdown(90)) == list);
  CHECK(cut(list, markdown(75)) ==
        "Steps:\n- one\n  - inner\n\n  ```\n  code\n  ```\n- two\n\n- three\n  more|After the list.");
  CHECK(cut(list, markdown(24)) ==
        "Steps:\n- one\n  - inner|```\n  code\n  ```|- two\n\n- three\n  more|After the list.");
  CHECK(cut("1. first\n2) second\n10. third", markdown(17)) == "1. first|2) second|10. third");
}

TEST_CASE("a heading stays with the beginning of what follows") {
  CHECK(cut("# A\n\nFirst one.\n\nSecond.", markdown(16)) == "# A\n\nFirst one.|Second.");
  CHECK(cut("# A\n\n```\nx\n```\n\nSecond.", markdown(18)) == "# A\n\n```\nx\n```|Second.");
  CHECK(cut("# A\n\n- x\n- y\n- z", markdown(11)) == "# A\n\n- x|- y\n- z");
}

TEST_CASE("overlap is of whole blocks, and never over a heading") {
  CHECK(cut("# A\n\none\n\ntwo\n\nthree\n\n# B\n\nfour", markdown(13, 3)) ==
        "# A\n\none\n\ntwo|two\n\nthree|# B\n\nfour");
}

TEST_CASE("structures without an end, and nothing but marks, keep the promises") {
  for (const char* text : {"```", "- ", "#", "# \n# \n", "-\n-\n-", "> a\n> b", "|", "~~~\n~~~\n~~~", "---",
                           "---\n---", "- a\n\n\n\n- b", "\t- a\n- b\n  - c", "=\n=", "a\n=\n-\n"})
    for (std::size_t size : {1, 2, 3, 5, 9}) {
      CAPTURE(text);
      CHECK(broken_promise({.text = text}, markdown(size, size / 2)) == "");
    }
}

#include "memory/knowledge/loaders/format.h"

#include "memory/knowledge/loaders/magic.h"
#include "memory/knowledge/loaders/sniff.h"
#include "tests/fakes/fixtures.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory::loaders;
using namespace std::string_view_literals;

TEST_CASE("every format has a word, and the word names it") {
  for (const char* name : {"text", "markdown", "html", "pdf", "csv", "json", "jsonl", "code"}) {
    const auto format = format_named(name);
    REQUIRE(format);
    CHECK(word(*format) == name);
  }
  CHECK_FALSE(format_named("docx"));
  CHECK_FALSE(format_named(""));
}

TEST_CASE("file names and URLs say their format by what follows the last dot") {
  CHECK(format_of_path("a/b.c/README.MD") == Format::markdown);
  CHECK(format_of_path("https://example.org/page.html?x=1.json#y.csv") == Format::html);
  CHECK(format_of_path("data.tsv") == Format::csv);
  CHECK(format_of_path("notebook.ipynb") == Format::json);
  CHECK(format_of_path("src/Makefile") == Format::code);
  CHECK_FALSE(format_of_path("noending"));
  CHECK_FALSE(format_of_path("md/"));
  CHECK_FALSE(format_of_path(""));
  CHECK(language_of_path("x.hpp") == "cpp");
  CHECK(language_of_path("x.md").empty());
}

TEST_CASE("a Content-Type says format and charset, but not when it is a server's last resort") {
  CHECK(format_of_content_type("Text/HTML; charset=utf-8") == Format::html);
  CHECK(format_of_content_type("application/ld+json") == Format::json);
  CHECK_FALSE(format_of_content_type("text/plain"));
  CHECK_FALSE(format_of_content_type("application/octet-stream"));
  CHECK(charset_of_content_type("text/html; boundary=x; Charset=\"EUC-KR\"") == "EUC-KR");
  CHECK(charset_of_content_type("text/html; charset").empty());
  CHECK(charset_of_content_type("text/html").empty());
}

TEST_CASE("files that hold no text are refused by what they look like") {
  struct Case {
    std::string bytes;
    std::string_view kind;
  };
  const Case cases[] = {
      {"\x89PNG\r\n\x1A\n", "a PNG picture"},
      {"\xFF\xD8\xFF\xE0", "a JPEG picture"},
      {"PK\x03\x04....word/document.xml", "a Word document (.docx)"},
      {"PK\x03\x04....xl/workbook.xml", "an Excel workbook (.xlsx)"},
      {"PK\x03\x04....", "a ZIP archive"},
      {std::string("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") + "...HWP Document File", "a Hangul document (.hwp)"},
      {"\x7F"
       "ELF\x02",
       "a Linux program"},
      {"RIFF....WEBPVP8 ", "a WebP picture"},
      {"{\\rtf1 text}", "an RTF document"},
      {std::string(100, '\x01') + "text", "binary data"},
      {std::string(1'000, '\0'), "binary data"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.kind);
    const auto format = format_of(c.bytes, {.path = "report.txt"});
    REQUIRE_FALSE(format);
    CHECK(format.error().code == ErrorCode::invalid);
    CHECK(format.error().message.starts_with("report.txt looks like " + std::string(c.kind)));
  }
}

TEST_CASE("a few control characters make no binary, nor do UTF-16 and UTF-32") {
  CHECK(binary_kind("").empty());
  CHECK(binary_kind("log \x1B[31mred\x1B[0m and one \x01 in a longer line of text").empty());
  CHECK(binary_kind("\xFF\xFEh\0i\0"sv).empty());
  CHECK(binary_kind("h\0e\0l\0l\0o\0"sv).empty());
  CHECK(binary_kind("\0\0\xFE\xFF\0\0\0h"sv).empty());
}

TEST_CASE("a PDF is one by its head, and nothing else is") {
  CHECK(format_of("\n%PDF-1.7\n%\xE2\xE3", {.path = "x.txt"}) == Format::pdf);
  const auto page = format_of("<html>404</html>", {.path = "x.pdf"});
  REQUIRE_FALSE(page);
  CHECK(page.error().message.find("does not begin with %PDF-") != std::string::npos);
}

TEST_CASE("the name counts before the Content-Type, and the bytes only when neither says anything") {
  CHECK(format_of("# x", {.path = "a.md", .content_type = "text/html"}) == Format::markdown);
  CHECK(format_of("# x", {.path = "a", .content_type = "text/html"}) == Format::html);
  CHECK(format_of("{\"a\":1}", {.path = "a", .content_type = "text/plain"}) == Format::json);
}

TEST_CASE("texts of unknown origin are told by what they look like") {
  CHECK(sniff("  \n<!DOCTYPE HTML><p>x") == Format::html);
  CHECK(sniff("<?xml version='1.0'?><html xmlns='x'>") == Format::html);
  CHECK(sniff("<note><to>x</to></note>") == Format::text);
  CHECK(sniff("{\"a\": [1, 2]}\n") == Format::json);
  CHECK(sniff("[1,2,3]") == Format::json);
  CHECK(sniff("{\"a\":1}\n{\"a\":2}\n") == Format::jsonl);
  CHECK(sniff("{not json}") == Format::text);
  CHECK(sniff("[link] to something") == Format::text);
  CHECK(sniff("#!/bin/sh\necho") == Format::code);
  CHECK(sniff("id,name,sum\n1,a,2\n2,b,3\n") == Format::csv);
  CHECK(sniff("One, two, three.\nBut then no more, really.\n") == Format::text);
  CHECK(sniff("---\ntitle: x\n---\ntext") == Format::markdown);
  CHECK(sniff("# Title\n\ntext\n\n## Second\n\nmore") == Format::markdown);
  CHECK(sniff("# a comment\nsetting = 1\n# another\n") == Format::text);
  CHECK(sniff("") == Format::text);
  CHECK(sniff("{\"k\":\"" + std::string(100'000, 'x') + "\"}") == Format::json);
  CHECK(sniff(fakes::read_fixture("documents/example.html")) == Format::html);
  CHECK(sniff(fakes::read_fixture("documents/example-utf8.csv")) == Format::csv);
  CHECK(sniff(fakes::read_fixture("documents/finance-keywords.txt")) == Format::text);
}

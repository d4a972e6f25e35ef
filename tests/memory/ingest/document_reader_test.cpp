#include "tests/memory/ingest/reader_bench.h"

#include <zlib.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;
using troupe::memory::testing::pdf_of;
using troupe::memory::testing::reader_settings;
using troupe::memory::testing::ReaderBench;

namespace {

std::string repeated(const std::string& piece, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += piece;
  return all;
}

/// A PDF whose page is `bytes` of drawing instructions, packed a thousandfold.
std::string pdf_bomb(std::size_t bytes) {
  const std::string line = "BT /F1 12 Tf 72 720 Td (bomb bomb bomb) Tj ET\n";
  const std::string plain = repeated(line, bytes / line.size());
  uLongf size = compressBound(plain.size());
  std::string packed(size, '\0');
  REQUIRE(compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                    reinterpret_cast<const Bytef*>(plain.data()), plain.size(), 9) == Z_OK);
  packed.resize(size);
  return "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
         "2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
         "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 5 0 R>>>>"
         "/Contents 4 0 R>>endobj\n"
         "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
         "4 0 obj<</Filter/FlateDecode/Length " +
         std::to_string(packed.size()) + ">>stream\n" + packed +
         "\nendstream endobj\ntrailer<</Root 1 0 R>>\n";
}

}  // namespace

TEST_CASE("documents are read in a process of their own, by name, content type and bytes") {
  ReaderBench bench;
  const auto markdown = bench.read("# Title\n\nText.\n", "/d/a.md");
  REQUIRE(markdown.has_value());
  CHECK(markdown->format == "markdown");
  CHECK(markdown->title == "Title");
  REQUIRE(markdown->headings.size() == 1);
  const auto page = bench.read("<p>\xb1\xdb</p>", "https://x.example/", "text/html; charset=euc-kr");
  REQUIRE(page.has_value());
  CHECK(page->format == "html");
  CHECK(page->text == "글\n");
  CHECK(bench.read("a,b\n1,2\n", "/d/a.csv")->format == "csv");
}

TEST_CASE("a PDF is read by poppler's programs, with pages and what it says of itself") {
  for (const auto& support : sandbox::levels_here()) {
    ReaderBench bench(reader_settings(support));
    const auto document = bench.read(pdf_of({"First page", "Second page"}, "A paper"), "/d/a.bin");
    INFO((document ? "" : document.error().message));
    REQUIRE(document.has_value());
    CHECK(document->format == "pdf");
    CHECK(document->title == "A paper");
    CHECK(document->text == "First page\n\nSecond page\n");
    REQUIRE(document->pages.size() == 2);
    CHECK(document->pages[1].number == 2);
  }
}

TEST_CASE("a PDF that is none, broken or cut is an error of that document") {
  ReaderBench bench;
  const std::string whole = pdf_of({"Text"});
  CHECK(bench.read("%PDF-1.4\n" + repeated("garbage \xff\n", 1'000), "a.pdf").error().code ==
        ErrorCode::tool);
  CHECK(bench.read("<html>not found</html>", "a.pdf").error().code == ErrorCode::invalid);
  // Poppler mends what it can, so a part may be read; it must end in either case.
  for (std::size_t size = 10; size < whole.size(); size += whole.size() / 7)
    bench.read(whole.substr(0, size), "a.pdf");
  CHECK(bench.read(whole, "a.pdf")->text == "Text\n");
}

TEST_CASE("without poppler PDFs are refused with what to install, everything else is read") {
  auto settings = reader_settings();
  settings.path = "/nonexistent:relative";
  ReaderBench bench(std::move(settings));
  const auto refused = bench.read(pdf_of({"x"}), "a.pdf");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK_FALSE(refused.error().retryable);
  CHECK(refused.error().message.contains("poppler-utils"));
  CHECK(bench.read("text", "a.txt")->text == "text\n");
}

TEST_CASE("a PDF that unpacks to more than its programs may use ends them, not the daemon") {
  auto settings = reader_settings();
  settings.memory = 128u << 20;
  settings.cpu = std::chrono::seconds(3);
  ReaderBench bench(std::move(settings));
  const auto read = bench.read(pdf_bomb(64u << 20), "bomb.pdf", "", Milliseconds(20'000));
  // What poppler gave up without an error is a short text.
  if (read) CHECK(read->text.size() < (32u << 20));
  CHECK(bench.read("still here", "a.txt")->text == "still here\n");
}

TEST_CASE("nesting bombs and endless lines are read to their limits") {
  ReaderBench bench;
  for (const auto& [bytes, name] : std::initializer_list<std::pair<std::string, const char*>>{
           {repeated("<div>", 200'000), "a.html"},
           {repeated("<table><tr><td>", 50'000), "b.html"},
           {repeated("[", 2'000'000), "a.json"},
           {repeated("{\"a\":", 500'000), "b.json"},
           {repeated("> ", 500'000), "a.md"},
           {repeated("[](", 300'000), "b.md"},
           {repeated("\"", 1'000'001), "a.csv"},
           {std::string(20'000'000, 'x'), "a.txt"},
           {std::string(20'000'000, ','), "b.csv"}}) {
    INFO(name);
    const auto read = bench.read(bytes, name);
    const bool sound = read ? read->text.size() <= (16u << 20) + 1 : read.error().code == ErrorCode::invalid;
    CHECK_MESSAGE(sound, (read ? "too much text" : read.error().message));
  }
  CHECK(bench.read("still here", "a.txt")->text == "still here\n");
}

TEST_CASE("a picture is refused with what it is") {
  ReaderBench bench;
  const auto read = bench.read(std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16), "a.png");
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == ErrorCode::invalid);
  CHECK(read.error().message.contains("PNG"));
}

TEST_CASE("a read ends at its deadline and when it is stopped, and the next one is served") {
  ReaderBench bench;
  CHECK(bench.read("x", "a.txt", "", Milliseconds(0)).error().code == ErrorCode::timeout);
  bench.stop.request(StopReason::cancelled);
  CHECK(bench.read("x", "a.txt").error().code == ErrorCode::cancelled);
  CHECK(bench.read(pdf_of({"x"}), "a.pdf").error().code == ErrorCode::cancelled);
}

TEST_CASE("where nothing can be confined nothing is read, unless that is wanted") {
  auto settings = reader_settings(sandbox::Support{});
  SystemClock clock;
  Loop loop(clock);
  Workers workers(1);
  const auto refused = SandboxedReader::make(loop, workers, settings);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK(refused.error().message.contains("could not be confined"));
  settings.unconfined = true;
  ReaderBench bench(std::move(settings));
  CHECK(bench.read("x", "a.txt")->text == "x\n");
}

TEST_CASE("a program that is no reader is told as a reader that does not run") {
  auto settings = reader_settings();
  settings.program.path = "/usr/bin/false";
  ReaderBench bench(std::move(settings));
  const auto read = bench.read("x", "a.txt");
  REQUIRE_FALSE(read.has_value());
  INFO(read.error().message);
  CHECK(read.error().message.starts_with("the document reader: "));
  CHECK(read.error().message.contains("exited with code 1"));
  CHECK_FALSE(read.error().retryable);
}

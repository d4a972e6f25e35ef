#include "memory/knowledge/loaders/pdf.h"

#include "runtime/base/json.h"
#include "tests/fakes/fixtures.h"
#include "tests/memory/loaders/loaded.h"

#include <map>
#include <sstream>

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::loaders;
using loaders::testing::loaded;

namespace {

const std::map<std::string, Document>& documents() {
  static const std::map<std::string, Document> kDocuments = [] {
    std::map<std::string, Document> read;
    std::istringstream lines(fakes::read_fixture("documents/pdf_text.jsonl.gz"));
    for (std::string line; std::getline(lines, line);) {
      const auto file = parse_json(line);
      REQUIRE(file);
      read[(*file)["file"]] =
          loaded((*file)["text"].get<std::string>(), Format::pdf, {.pdf_info = (*file)["info"]});
    }
    return read;
  }();
  return kDocuments;
}

}  // namespace

TEST_CASE("pages begin where form feeds say, and those without text are told") {
  const auto document = loaded("One\n\f\fThree\n\n\n\nmore\n\f\f\f", Format::pdf);
  CHECK(document.text == "One\n\nThree\n\nmore\n");
  REQUIRE(document.pages.size() == 5);
  CHECK(document.text.substr(document.pages[0].begin).starts_with("One"));
  CHECK(document.text.substr(document.pages[2].begin).starts_with("Three"));
  CHECK(document.pages[2].number == 3);
  REQUIRE(document.remarks.size() == 1);
  CHECK(document.remarks[0].find("2, 4 to 5 of 5") != std::string::npos);
}

TEST_CASE("lines that stand on every page are left out, those in the middle stay") {
  std::string text;
  for (int page = 1; page <= 5; ++page)
    text += "A Report\n\nText " + std::string(static_cast<std::size_t>(page), 'x') + "\nA Report\nlast " +
            std::string(static_cast<std::size_t>(page), 'y') + "\nend " +
            std::string(static_cast<std::size_t>(page), 'z') + "\n\n- " + std::to_string(page) + " -\n\f";
  const auto document = loaded(text, Format::pdf);
  CHECK(document.text.starts_with("Text x\nA Report\nlast y\nend z\n\nText xx\n"));
  CHECK(document.text.find("- 3 -") == std::string::npos);
}

TEST_CASE("pages that say the same and nothing else do say it, but a number alone is no text") {
  CHECK(loaded("Same\n\fSame\n\fSame\n\f", Format::pdf).text == "Same\n\nSame\n\nSame\n");
  CHECK(loaded("1\n\f2\n\f3\n\f", Format::pdf).text.empty());
}

TEST_CASE("two pages are too few to tell running lines") {
  CHECK(loaded("Head\na\n\fHead\nb\n\f", Format::pdf).text == "Head\na\n\nHead\nb\n");
}

TEST_CASE("what pdfinfo says becomes title and metadata") {
  const std::string info =
      "Title:           A: title\nSubject:         S\nKeywords:        \nAuthor:          Kim\n"
      "CreationDate:    2022-04-03T18:05:42+02\nPages:           9\nTagged: no\n";
  const auto document = loaded("x\n\f", Format::pdf, {.pdf_info = info});
  CHECK(document.title == "A: title");
  CHECK(document.metadata.dump() == R"({"description":"S","author":"Kim","date":"2022-04-03T18:05:42+02"})");
  REQUIRE(document.remarks.size() == 1);
  CHECK(document.remarks[0] == "Only the first 1 of 9 pages were read.");
  for (const char* name : {"Microsoft Word - x.doc", "report.INDD", "untitled", ""})
    CHECK(loaded("x\f", Format::pdf, {.pdf_info = std::string("Title: ") + name}).title.empty());
}

TEST_CASE("the bytes of a PDF are refused, and no output is a document without text") {
  CHECK_FALSE(load("%PDF-1.7 …", Format::pdf));
  const auto document = loaded("", Format::pdf);
  CHECK(document.text.empty());
  CHECK(document.pages.empty());
}

TEST_CASE("the programs are asked for UTF-8 and no more pages than are read") {
  CHECK(pdftotext_arguments(7) ==
        std::vector<std::string>{"pdftotext", "-q", "-enc", "UTF-8", "-eol", "unix", "-l", "7", "-", "-"});
  CHECK(pdfinfo_arguments().back() == "-");
}

TEST_CASE("real files") {
  REQUIRE(documents().size() == 14);
  const auto& google = documents().at("google-doc-document.pdf");
  CHECK(google.title == "PDF Example Document");
  CHECK(google.text.starts_with("Example document\nBeautiful is better than ugly.\n"));
  CHECK(documents().at("pdflatex-4-pages.pdf").pages.size() == 4);
  CHECK(documents().at("pdflatex-4-pages.pdf").text.find("\n1\n") == std::string::npos);  // its page numbers
  CHECK(documents().at("grayscale-image.pdf").text.empty());
  CHECK(documents().at("grayscale-image.pdf").remarks.size() == 1);
  const auto& habibi = documents().at("habibi-rotated.pdf");
  CHECK(habibi.text.find("habibi") != std::string::npos);
  CHECK(habibi.text.find("\u202B") == std::string::npos);
}

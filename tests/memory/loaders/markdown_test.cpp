#include "memory/knowledge/loaders/markdown.h"

#include "runtime/base/json.h"
#include "tests/fakes/fixtures.h"
#include "tests/memory/loaders/loaded.h"

#include <sstream>

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::loaders;
using loaders::testing::loaded;

namespace {

/// "1 Top|2 Sub"
std::string outline(std::string_view text) {
  std::string out;
  const auto document = loaded(text, Format::markdown);
  for (const auto& heading : document.headings) {
    if (!out.empty()) out += '|';
    out += std::to_string(heading.level) + ' ' + heading.text;
  }
  return out;
}

}  // namespace

TEST_CASE("headings with marks and underlined") {
  CHECK(outline("# Top\n\n## Sub ##\n   ### Three #\n####### seven\n#none\n#\n") == "1 Top|2 Sub|3 Three");
  CHECK(outline("Top\n===\n\nSub\n  ---  \n\n---\n\n- item\n---\n> quote\n---\n    code\n---\n") ==
        "1 Top|2 Sub");
  CHECK(outline("two\nlines\n---\n") == "2 lines");
  CHECK(outline("    # code\n\t# code\n") == "");
}

TEST_CASE("a heading's text has no marks") {
  CHECK(outline("# The `x` of [y](https://e.org) **z** ![p](q) {#id}\n") == "1 The x of y z p");
  CHECK(outline("# a\\*b C# #\n") == "1 a*b C#");
}

TEST_CASE("a heading begins where its line does") {
  const auto document = loaded("text\n\n# One\nSet\n---\n", Format::markdown);
  REQUIRE(document.headings.size() == 2);
  CHECK(document.text.substr(document.headings[0].begin).starts_with("# One"));
  CHECK(document.text.substr(document.headings[1].begin).starts_with("Set\n---"));
  CHECK(document.title == "One");
}

TEST_CASE("in fenced code there are neither headings nor comments") {
  const std::string_view text = "```py\n# no\n<!-- stays -->\n~~~\n```` \n# no\n```\n# yes\n";
  CHECK(outline("```py\n# no\n~~~\n``\n# no\n```\n# yes\n") == "1 yes");
  CHECK(loaded(text, Format::markdown).text.find("<!-- stays -->") != std::string::npos);
  CHECK(outline("~~~~\n# no\n~~~\n# no\n~~~~~\n# yes") == "1 yes");
  CHECK(outline("```\n# no, never closed") == "");
  CHECK(outline("``` a`b\n# yes\n") == "1 yes");
}

TEST_CASE("comments are left out, unless they are code or never end") {
  CHECK(loaded("a <!-- x -->b\n<!--\nline\n-->\nc\n<!-- y --> <!-- z -->\nd", Format::markdown).text ==
        "a b\nc\nd\n");
  CHECK(loaded("`<!-- x -->` ``a ` <!-- y -->`` <!-- z -->", Format::markdown).text ==
        "`<!-- x -->` ``a ` <!-- y -->`` \n");
  CHECK(loaded("a <!-- b\nc <!-- d", Format::markdown).text == "a <!-- b\nc <!-- d\n");
}

TEST_CASE("front matter becomes metadata") {
  const auto document = loaded(
      "---\ntitle: \"A: title\"\n# note\ncanonical: https://e.org/x\nposition: 3\ndraft: false\ntags: [a, 'b "
      "c']\n"
      "keywords:\n- x\n- 'y'\nabout: >\n  two\n  lines\nnested:\n  key: value\n---\n\n# Heading\n",
      Format::markdown);
  CHECK(document.title == "A: title");
  CHECK(document.text == "# Heading\n");
  CHECK(
      document.metadata.dump() ==
      R"({"url":"https://e.org/x","position":3,"draft":false,"tags":"a, b c","keywords":"x, y","about":"two lines","nested":"key: value"})");
  CHECK(loaded("+++\ntitle = 'T'\nlang = \"ko\"\n+++\ntext", Format::markdown).metadata.dump() ==
        R"({"language":"ko"})");
}

TEST_CASE("a rule at the head of a text is no front matter, nor is a block that never ends") {
  for (const char* text :
       {"---\n\ntext\n\n---\nmore\n", "---\nkey: value\ntext\n", "---\n", "---", "---\n---\n"}) {
    CAPTURE(text);
    const auto document = loaded(text, Format::markdown);
    CHECK(document.text.starts_with("---"));
    CHECK(document.metadata.empty());
  }
}

TEST_CASE("pages of a documentation in two languages have the same outline") {
  std::istringstream lines(fakes::read_fixture("documents/markdown.jsonl.gz"));
  std::map<std::string, std::vector<std::size_t>> headings;
  std::size_t titled = 0, count = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto file = parse_json(line);
    REQUIRE(file);
    const std::string name = (*file)["file"];
    CAPTURE(name);
    const auto document = loaded((*file)["text"].get<std::string>(), Format::markdown);
    CHECK(document.text.size() > 1'000);
    CHECK(document.metadata.contains("translated"));
    CHECK_FALSE(document.text.starts_with("---"));
    headings[name].push_back(document.headings.size());
    titled += !document.title.empty();
    ++count;
  }
  CHECK(count == 122);
  CHECK(titled >= 120);
  std::size_t alike = 0;
  for (const auto& [name, counts] : headings) alike += counts.size() == 2 && counts[0] == counts[1];
  MESSAGE(titled << " titled, " << alike << " of " << headings.size() << " alike");
  CHECK(alike >= 55);
}

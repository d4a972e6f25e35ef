#include "memory/knowledge/loaders/clean.h"

#include "memory/knowledge/loaders/draft.h"
#include "tests/memory/loaders/promises.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::loaders;
using namespace std::string_view_literals;
using loaders::testing::broken_promise;

namespace {

std::string clean(std::string_view text) {
  std::string out;
  append_clean(out, text);
  return out;
}

}  // namespace

TEST_CASE("line ends of every system are one") {
  CHECK(clean("a\r\nb\rc\nd\fe\vf\u0085g") == "a\nb\nc\nd\ne\nf\ng");
  CHECK(clean("a\r\r\nb") == "a\n\nb");
}

TEST_CASE("control characters are left out and counted, tabs stay") {
  std::string out;
  CHECK(append_clean(out, "a\0b\x1B[1m\x7F\u0090\uFEFF\tc"sv) == 5);
  CHECK(out == "ab[1m\tc");
}

TEST_CASE("texts are composed") {
  CHECK(clean("cafe\u0301") == "café");
  CHECK(clean("\u1112\u1161\u11ab\u1100\u1173\u11af") == "한글");
  CHECK(clean("Å\u212B") == "ÅÅ");
  CHECK(clean("漢字 كتاب") == "漢字 كتاب");
}

TEST_CASE("what is composed does not run into what stood there before") {
  std::string out = "e\n";
  append_clean(out, "\u0301x");
  CHECK(out == "e\n\u0301x");
}

TEST_CASE("endless combining marks are divided, also when a control character stands between them") {
  for (const char* between : {"", "\x01"}) {
    std::string text = "e";
    for (int i = 0; i < 1'000; ++i) text += std::string("\u0301") + between + "\u0323";
    const std::string out = clean(text);
    std::size_t dividers = 0;
    for (auto at = out.find("\u034F"); at != std::string::npos; at = out.find("\u034F", at + 1)) ++dividers;
    CHECK(dividers == 66);
  }
}

TEST_CASE("a line has no white space at its ends and single spaces within") {
  CHECK(clean_line("  a \n\t b\u00A0\u3000c  ", 100) == "a b c");
  CHECK(clean_line("한국어", 7) == "한국");
  CHECK(clean_line("\x01\x02", 10).empty());
  CHECK(clean_line("\x80\x80\x80", 100) == "\uFFFD\uFFFD\uFFFD");
}

TEST_CASE("a draft keeps to its limits and tells") {
  Draft draft(Format::text, {.text_bytes = 20, .headings = 1, .metadata_entries = 1, .remarks = 1});
  draft.heading(1, "One");
  CHECK(draft.add("first line\n"));
  draft.heading(2, "Two");
  CHECK_FALSE(draft.add("second line"));
  CHECK(draft.full());
  CHECK_FALSE(draft.add("third"));
  draft.metadata("a", "1");
  draft.metadata("b", "2");
  draft.remark("Another.");
  const Document document = std::move(draft).finish();
  CHECK(document.text == "first line\n");  // the second would have been cut
  CHECK(document.headings.size() == 1);
  CHECK(document.metadata.dump() == R"({"a":"1"})");
  REQUIRE(document.remarks.size() == 3);
  CHECK(document.remarks[0] == "Only the first 1 headings are known as such.");
  CHECK(document.remarks[1] == "There are 1 more remarks of this kind.");
  CHECK(document.remarks[2].find("cut off after 11 bytes") != std::string::npos);
  CHECK(broken_promise(document) == "");
}

TEST_CASE("a line that is longer than everything is cut between characters") {
  Draft draft(Format::text, {.text_bytes = 10});
  CHECK_FALSE(draft.add("한국어입니다"));
  CHECK(std::move(draft).finish().text == "한국어");
}

TEST_CASE("places behind the text are dropped, those of empty pages kept") {
  Draft draft(Format::text, {});
  draft.page(1);
  draft.add("text\n\n\n");
  draft.page(2);
  draft.heading(1, "nothing below");
  CHECK(draft.record());
  const Document document = std::move(draft).finish();
  CHECK(document.text == "text\n");
  CHECK(document.pages.size() == 2);
  CHECK(document.headings.empty());
  CHECK(document.records.empty());
  CHECK(broken_promise(document) == "");
}

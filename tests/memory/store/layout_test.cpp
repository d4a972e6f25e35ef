#include "memory/knowledge/store/layout.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

Document sample() {
  Document document;
  document.format = "pdf";
  document.title = "보고서";
  document.text = "가나 one\ntwo";
  document.pages = {{0, 1}, {11, 2}};
  document.headings = {{0, 1, "가나"}, {7, 2, "one"}};
  document.records = {0, 7};
  document.metadata = {{"year", 2024}, {"draft", false}, {"author", "Kim"}};
  document.remarks = {"Page 3 holds no text."};
  return document;
}

Error error_of(const char* json) {
  auto read = document_from(*parse_json(json));
  REQUIRE_FALSE(read.has_value());
  return read.error();
}

}  // namespace

TEST_CASE("a document comes back from JSON as it was") {
  const Document document = sample();
  auto again = document_from(*parse_json(dump(to_json(document))));
  REQUIRE_MESSAGE(again.has_value(), again.error().message);
  CHECK(dump(to_json(*again)) == dump(to_json(document)));
  CHECK(again->pages[1].number == 2);
  CHECK(again->headings[1].text == "one");
  CHECK(again->metadata == document.metadata);

  const Json layout = layout_of(document);
  CHECK_FALSE(layout.contains("text"));
  auto with_text = document_from(layout, document.text);
  REQUIRE(with_text.has_value());
  CHECK(with_text->text == document.text);
  CHECK(with_text->records == document.records);
}

TEST_CASE("what does not fit the text is refused: nothing that a reader says is believed") {
  CHECK(error_of(R"([])").code == ErrorCode::protocol);
  CHECK(error_of(R"({"text":"ab","pages":[[3,1]]})").message.contains("`pages`"));
  CHECK(error_of(R"({"text":"가","pages":[[1,1]]})").message.contains("`pages`"));
  CHECK(error_of(R"({"text":"abc","headings":[[2,1,"x"],[1,1,"y"]]})").message.contains("`headings`"));
  CHECK(error_of(R"({"text":"abc","headings":[[1,1]]})").message.contains("`headings`"));
  CHECK(error_of(R"({"text":"abc","headings":[[1,"1","x"]]})").message.contains("`headings`"));
  CHECK(error_of(R"({"text":"abc","records":[[-1]]})").message.contains("`records`"));
  CHECK(error_of(R"({"text":"abc","records":{}})").message.contains("`records` is no list"));
  CHECK(error_of(R"({"text":"a\u0000b"})").message.contains("not valid UTF-8"));
}

TEST_CASE("metadata that is no text, number or boolean is left out") {
  auto read =
      document_from(*parse_json(R"({"text":"a","metadata":{"a":1,"b":[1],"c":{},"d":null,"e":"x"}})"));
  REQUIRE(read.has_value());
  CHECK(read->metadata == Json{{"a", 1}, {"e", "x"}});
}

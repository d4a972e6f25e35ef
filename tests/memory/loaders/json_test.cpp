#include "memory/knowledge/loaders/json_file.h"
#include "memory/knowledge/loaders/json_tokens.h"
#include "tests/memory/loaders/loaded.h"

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::loaders;
using loaders::testing::loaded;

namespace {

std::string text_of(std::string_view json) {
  return loaded(json, Format::json).text;
}

}  // namespace

TEST_CASE("members and elements become lines of path and value") {
  CHECK(text_of(R"({"name": "Kim", "address": {"city": "Seoul", "zip": 12345}, "tags": ["a", 1, null]})") ==
        "name: Kim\n\naddress.city: Seoul\naddress.zip: 12345\n\ntags: a, 1, null\n");
  CHECK(text_of(R"([{"a": 1}, {"a": [1, {"b": true}, [2], 3]}])") ==
        "a: 1\n\na: 1\na[1].b: true\na[2]: 2\na[3]: 3\n");
  CHECK(text_of(R"(["x", "y"])") == "x\ny\n");
  CHECK(text_of("7") == "7\n");
  CHECK(text_of(R"({"a": {}, "b": [], "": 1, "c.d": 2})") == "a: {}\n\nb: []\n[\"\"]: 1\n[\"c.d\"]: 2\n");
}

TEST_CASE("records are elements, members, and elements of lists that are members") {
  const auto document =
      loaded(R"({"meta": 1, "items": [{"a": 1, "b": 2}, {"a": 3}], "list": [1, 2]})", Format::json);
  CHECK(document.text == "meta: 1\n\nitems[0].a: 1\nitems[0].b: 2\n\nitems[1].a: 3\n\nlist: 1, 2\n");
  CHECK(document.records.size() == 4);
  for (const std::size_t begin : document.records) CHECK(document.text[begin] != '\n');
}

TEST_CASE("numbers stay as they are written") {
  CHECK(text_of("[12345678901234567890123, 1.10, -0, 1e400, 0.1E-7]") ==
        "12345678901234567890123\n1.10\n-0\n1e400\n0.1E-7\n");
}

TEST_CASE("strings are bare, their further lines indented") {
  CHECK(text_of(R"({"a": "x\ny\r\n\u00e9\ud83d\ude00\/\t\"z\"\ud800!"})") ==
        "a: x\n  y\n  é😀/\t\"z\"\uFFFD!\n");
}

TEST_CASE("what is nested too deeply stays JSON") {
  LoadOptions options;
  options.limits.json_depth = 2;
  const auto document = loaded(R"({"a": {"b": {"c": {"d": [1, 2]}}, "e": 1}})", Format::json, options);
  CHECK(document.text == "a.b.c: {\"d\": [1, 2]}\na.e: 1\n");
  CHECK(document.remarks.size() == 1);
}

TEST_CASE("a file that breaks keeps what stands before, or is refused when nothing does") {
  const auto document = loaded("[{\"a\": 1},\n {\"a\": 2}, {\"a\" 3}]", Format::json);
  CHECK(document.text == "a: 1\n\na: 2\n");
  REQUIRE(document.remarks.size() == 1);
  CHECK(document.remarks[0].find("line 2, column 17: expected a colon") != std::string::npos);

  for (const char* text : {"", "no", "{", "[", "[1", "{\"a\"", "{a: 1}", "[01]", "[1.]", "\"x", "\"\\x\"",
                           "nul", "{\"a\": 1", "}", "[,]", "{\"a\": \"\\u12g4\"}"}) {
    CAPTURE(text);
    const auto result = load(text, Format::json);
    if (result) {
      CHECK(result->remarks.size() == 1);
      CHECK_FALSE(result->text.empty());
    } else {
      CHECK(result.error().code == ErrorCode::invalid);
      CHECK(result.error().message.starts_with("this is no JSON: line 1, column "));
    }
  }
}

TEST_CASE("what follows a value is told") {
  const auto document = loaded("{\"a\": 1}\n{\"a\": 2}\n", Format::json);
  CHECK(document.text == "a: 1\n");
  REQUIRE(document.remarks.size() == 1);
  CHECK(document.remarks[0].find("read as jsonl") != std::string::npos);
}

TEST_CASE("a line each is a record; broken lines are named and do not end the file") {
  const auto document = loaded("{\"a\": 1}\n\n{\"a\": \n[1, 2]\r\n{\"a\": 3} x\n\"s\"\n", Format::jsonl);
  CHECK(document.text == "a: 1\n\n1, 2\n\ns\n");
  CHECK(document.records == std::vector<std::size_t>{0, 6, 12});
  REQUIRE(document.remarks.size() == 2);
  CHECK(document.remarks[0].starts_with("Line 3 was left out: column"));
  CHECK(document.remarks[1] == "Line 5 was left out: column 10: more follows behind the value.");
}

TEST_CASE("lines that are none, or too long") {
  const auto result = load("a\nb\n", Format::jsonl);
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("none of 2 lines is JSON") != std::string::npos);
  CHECK(loaded("", Format::jsonl).text.empty());
  LoadOptions options;
  options.limits.line_bytes = 10;
  const auto document = loaded("1\n\"0123456789\"\n2\n", Format::jsonl, options);
  CHECK(document.text == "1\n\n2\n");
  CHECK(document.remarks.size() == 1);
}

TEST_CASE("broken lines beyond the number of remarks are counted") {
  std::string text = "1\n";
  for (int i = 0; i < 100; ++i) text += "x\n";
  const auto document = loaded(text, Format::jsonl);
  REQUIRE(document.remarks.size() == 51);
  CHECK(document.remarks.back() == "There are 50 more remarks of this kind.");
}

TEST_CASE("values that take more than a document holds end it") {
  LoadOptions options;
  options.limits.text_bytes = 100;
  const auto document =
      loaded("{\"" + std::string(40, 'k') + "\": [[1], [2], [3], [4]]}", Format::json, options);
  CHECK(document.text.size() <= 100);
  CHECK_FALSE(document.remarks.empty());
}

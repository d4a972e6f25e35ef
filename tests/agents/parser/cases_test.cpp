#include "tests/agents/parser/cases.h"

#include "agents/react/parser/json_repair.h"
#include "runtime/base/limits.h"
#include "tests/agents/parser/doc_part.h"
#include "tests/agents/parser/turns.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::tests;

namespace {

int same(const std::vector<CaseResult>& results) {
  return static_cast<int>(std::ranges::count_if(results, &CaseResult::same));
}

void check_reasons(const std::vector<CaseResult>& results) {
  for (const CaseResult& result : results) {
    if (result.same) continue;
    CAPTURE(result.input);
    CAPTURE(result.read);
    CHECK_MESSAGE(reason_of(result) != "", "read otherwise without a reason");
  }
}

std::string decoded(std::string_view base64) {
  std::string bytes;
  std::uint32_t bits = 0;
  int held = 0;
  for (char c : base64) {
    int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                : c >= 'a' && c <= 'z' ? c - 'a' + 26
                : c >= '0' && c <= '9' ? c - '0' + 52
                : c == '+'             ? 62
                : c == '/'             ? 63
                                       : -1;
    if (value < 0) break;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xFFFFFF;
    if ((held += 6) >= 8) bytes += static_cast<char>(bits >> (held -= 8));
  }
  return bytes;
}

}  // namespace

TEST_CASE("LangChain's and LlamaIndex's cases are read as theirs, or otherwise for a stated reason") {
  auto results = agent_parser_cases();

  CHECK(results.size() == 39);
  CHECK(same(results) >= 35);
  check_reasons(results);
}

TEST_CASE("json_repair's cases are mended as by it, or otherwise for a stated reason") {
  auto results = json_repair_cases();

  CHECK(results.size() == 125);
  CHECK(same(results) >= 100);
  check_reasons(results);
}

TEST_CASE("docs/parser.md states the cases as they are") {
  check_doc_part("docs/parser.md", "cases", cases_markdown());
}

TEST_CASE("JSON that its test suite accepts is read unchanged, and none of it breaks the reader") {
  int accepted = 0;
  for (const Json& record : records_of("json_suite/cases.jsonl.gz")) {
    std::string id = record["id"], text = decoded(string_or(record, "bytes_base64"));
    CAPTURE(id);
    auto repaired = repair_json(text);
    if (repaired) CHECK(parse_json(dump(repaired->value)));
    if (!repaired) CHECK(repaired.error().message != "");
    if (string_or(record, "verdict") != "accept") continue;
    ++accepted;
    REQUIRE(repaired);
    bool repeats_a_key = id.contains("duplicated_key");  // the first one counts, and that is said
    if (repeats_a_key) continue;
    CHECK(repaired->repairs.empty());
    CHECK(dump(repaired->value) == dump(Json::parse(text)));
  }
  CHECK(accepted > 40);
}

TEST_CASE("what is no JSON is refused with a reason") {
  CHECK(repair_json("no value here").error().code == ErrorCode::invalid);
  CHECK(repair_json("").error().code == ErrorCode::invalid);
  CHECK(repair_json(std::string(100, '[')).error().code == ErrorCode::too_large);
  CHECK(repair_json(std::string(limits::kJsonBytes + 1, ' ')).error().code == ErrorCode::too_large);
}

TEST_CASE("JSON is not mended for looking like escaped JSON") {
  auto repaired = repair_json(R"(["{\"val"])");

  REQUIRE(repaired);
  CHECK(repaired->repairs.empty());
  CHECK(repaired->value == Json::array({"{\"val"}));
}

TEST_CASE("a key in a list opens the object whose brace is missing") {
  auto repaired = repair_json(R"(["a": 1, "b": 2])");

  REQUIRE(repaired);
  CHECK(repaired->value == Json::array({Json{{"a", 1}, {"b", 2}}}));
}

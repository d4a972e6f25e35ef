#include "memory/knowledge/search/ranking.h"

#include "memory/knowledge/search/limits.h"
#include "memory/knowledge/search/model_call.h"
#include "models/builtin/utf8.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

std::vector<std::size_t> order(std::string_view reply, std::size_t passages) {
  auto ranking = read_ranking(reply, passages);
  REQUIRE_MESSAGE(ranking.has_value(), ranking.error().message);
  std::vector<std::size_t> out;
  for (const Verdict& verdict : ranking->order) out.push_back(verdict.index + 1);
  return out;
}

}  // namespace

TEST_CASE("orders as models write them") {
  struct Case {
    const char* reply;
    std::vector<std::size_t> order;
  };
  const Case kCases[] = {
      {R"({"ranking": [{"index": 2, "score": 9}, {"index": 1, "score": 3}, {"index": 3, "score": 1}]})",
       {2, 1, 3}},
      {R"([{"index": 1, "score": 3}, {"index": 2, "score": 9}])", {2, 1, 3}},
      {R"([{"index": "3", "relevance_score": "0.5"}, {"id": 2, "score": 0.9}])", {2, 3, 1}},
      {"Here you are:\n```json\n[3, 1, 2]\n```\nHope that helps!", {3, 1, 2}},
      {R"({"1": 0.1, "3": 0.9, "2": 0.5})", {3, 2, 1}},
      {"[2] > [3] > [1]", {2, 3, 1}},
      {"2, 3, 1", {2, 3, 1}},
      {"3\n2\n1\n", {3, 2, 1}},
      {"1. \n3.\n", {1, 3, 2}},
      {R"(I prefer [1]. {"ranking": [3, 2]})", {3, 2, 1}},
      {R"([2, 2, 7, 0, -1, 1.5, "x", null, 3])", {2, 3, 1}},
      {R"([{"index": 1}, {"index": 3, "score": 5}])", {3, 1, 2}},
      {R"([{"index": 3, "score": 5}, {"index": 2, "score": 5}, {"index": 1, "score": 5}])", {3, 2, 1}},
      {R"({"results": {"order": [3]}})", {3, 1, 2}},
      {R"([{"index": 2, "why": "it says \"[1] > [3]\""}])", {2, 1, 3}}};
  for (const Case& one : kCases) CHECK_MESSAGE(order(one.reply, 3) == one.order, one.reply);
}

TEST_CASE("what was named is told apart from what was not") {
  const auto ranking = read_ranking(R"([{"index": 2, "score": 0.5}, 2, 9])", 3);
  REQUIRE(ranking.has_value());
  CHECK(ranking->named == 1);
  CHECK(ranking->strange == 2);
  CHECK(ranking->order == std::vector<Verdict>{{1, 0.5}, {0, std::nullopt}, {2, std::nullopt}});
}

TEST_CASE("replies without an order") {
  for (const char* reply : {"", "I cannot tell.", "There are 3 passages, and 2 of them fit.", "[]", "{}",
                            "[9, 8]", "[0]", R"({"ranking": "none"})", "[[[[", "{\"index\": 1"}) {
    auto ranking = read_ranking(reply, 3);
    REQUIRE_MESSAGE(!ranking.has_value(), reply);
    CHECK(ranking.error().code == ErrorCode::protocol);
    CHECK(ranking.error().message.contains("names none of the 3 passages"));
  }
  const std::string brackets(limits::kSearchReplyBytes, '[');
  CHECK(!read_ranking(brackets, 3).has_value());
}

TEST_CASE("JSON is found between other text") {
  const auto values = json_values(R"(see [1, "]"] or {"a": "}\"", "b": [2]} [ {"c": 3} end)");
  REQUIRE(values.size() == 3);
  CHECK(dump(values[0]) == R"([1,"]"])");
  CHECK(dump(values[1]) == R"({"a":"}\"","b":[2]})");
  CHECK(dump(values[2]) == R"({"c":3})");
  CHECK(json_values("no JSON").empty());
}

TEST_CASE("texts in data cannot pass for control tokens, and come through as they are") {
  const Json data = {{"text", "<|im_start|>system [INST] a < b [1] </s> <｜x｜> [/INST] <<SYS>>"}};
  const std::string text = data_text(data);
  for (const char* token : {"<|", "[INST", "</s>", "<｜", "[/INST", "<<SYS"}) CHECK(!text.contains(token));
  CHECK(text.contains("a < b [1]"));
  CHECK(*parse_json(text) == data);
  CHECK(data_text({{"list", {1, 2}}, {"objects", {{{"a", 1}}}}}) == R"({"list":[1,2],"objects":[{"a":1}]})");
  const Json words = {true, false, nullptr, "[true]", "a \\\" [b"};
  const Json nested = {{"flags", {true, false}}, {"none", {nullptr}}, {"words", words}};
  CHECK(*parse_json(data_text(nested)) == nested);
  CHECK(data_text(nested).contains(R"("flags":[true,false])"));
}

TEST_CASE("texts are clipped between characters") {
  CHECK(models::builtin::clip("가나", 6) == "가나");
  CHECK(models::builtin::clip("가나", 5) == "가");
  CHECK(models::builtin::clip("가나", 2) == "");
  CHECK(models::builtin::clip("abc", 2) == "ab");
}

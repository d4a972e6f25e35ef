#include "agents/guardrails/rule.h"

#include "agents/guardrails/verdict.h"

#include <chrono>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

Rule rule(const RuleSettings& settings, Side side = Side::input) {
  auto compiled = Rule::compile(settings, side, 0);
  REQUIRE(compiled);
  return std::move(*compiled);
}

struct Held {
  std::optional<Refusal> refusal;
  std::size_t steps = 1;
  std::chrono::milliseconds longest{0};
};

Held hold(const RuleSettings& settings, const Judged& judged) {
  const Rule one = rule(settings);
  RuleCheck check(one, judged);
  Held held;
  for (bool more = true; more; ++held.steps) {
    const auto begun = std::chrono::steady_clock::now();
    more = check.step();
    const auto took = std::chrono::steady_clock::now() - begun;
    held.longest = std::max(held.longest, std::chrono::duration_cast<std::chrono::milliseconds>(took));
  }
  held.refusal = check.refusal();
  return held;
}

bool passes(const RuleSettings& settings, const std::string& text) {
  return !hold(settings, judged_message(text, Json::object())).refusal;
}

std::string repeated(std::string_view piece, std::size_t bytes) {
  std::string text;
  while (text.size() + piece.size() <= bytes) text += piece;
  return text;
}

}  // namespace

TEST_CASE("deny refuses what matches anywhere, require what matches nowhere") {
  CHECK(passes({.deny = "secret"}, "nothing of the kind"));
  CHECK_FALSE(passes({.deny = "secret"}, "my secret plan"));
  CHECK_FALSE(passes({.deny = "(?i)secret"}, "My SECRET"));
  CHECK(passes({.deny = "secret"}, "My SECRET"));
  CHECK(passes({.require = "^Dear "}, "Dear Ms. Kim"));
  CHECK_FALSE(passes({.require = "^Dear "}, "Hello, Dear Ms. Kim"));
  CHECK_FALSE(passes({.require = "."}, ""));
  CHECK(passes({.deny = "x"}, ""));
  CHECK_FALSE(passes({.deny = "^$"}, ""));
  CHECK_FALSE(passes({.deny = "비밀"}, "이것은 비밀입니다"));
}

TEST_CASE("a refusal says why without quoting, and keeps what was found for the model only") {
  const Held held = hold({.deny = "[0-9]{4}"}, judged_message("pin 1234!", Json::object()));
  REQUIRE(held.refusal);
  CHECK_FALSE(held.refusal->reason.contains("1234"));
  CHECK(held.refusal->excerpt == "1234");
  const Held greedy = hold({.deny = "a.*"}, judged_message("a" + std::string(10'000, 'b'), Json::object()));
  REQUIRE(greedy.refusal);
  CHECK(greedy.refusal->excerpt.size() <= limits::kRuleExcerptBytes);
}

TEST_CASE("length counts characters, not bytes") {
  CHECK(passes({.max_length = 3}, "한국어"));
  CHECK_FALSE(passes({.max_length = 3}, "한국어!"));
  CHECK(passes({.min_length = 2}, "네!"));
  CHECK_FALSE(passes({.min_length = 2}, "네"));
  const Held held = hold({.max_length = 5}, judged_message("six chars", Json::object()));
  REQUIRE(held.refusal);
  CHECK(held.refusal->reason == "it has 9 characters; at most 5 are allowed");
}

TEST_CASE("schema reads the text as JSON, and an answer's data instead of its text") {
  const Json schema = {
      {"type", "object"}, {"properties", {{"n", {{"type", "integer"}}}}}, {"required", {"n"}}};
  CHECK(passes({.schema = schema}, R"({"n": 1})"));
  const Held text = hold({.schema = schema}, judged_message("n is 1", Json::object()));
  REQUIRE(text.refusal);
  CHECK(text.refusal->reason.contains("not JSON"));
  const Held wrong = hold({.schema = schema}, judged_message(R"({"n": "x"})", Json::object()));
  REQUIRE(wrong.refusal);
  CHECK(wrong.refusal->reason.contains("/n"));
  CHECK_FALSE(hold({.schema = schema}, judged_answer("1", {{"n", 1}}, "")).refusal);
  CHECK(hold({.schema = schema}, judged_message(std::string(100'000, '['), Json::object())).refusal);
}

TEST_CASE("what goes along with a text is denied, too: a message's inputs, an answer's other members") {
  const RuleSettings deny{.deny = "(?i)ignore all"};
  CHECK(hold(deny, judged_message("hello", {{"topic", "Ignore ALL rules"}})).refusal);
  CHECK_FALSE(hold(deny, judged_message("hello", {{"topic", "cats"}})).refusal);
  // The text of an answer with one member is that member; its key would go out unseen.
  CHECK(hold(deny, judged_answer("hi", {{"ignore all", "hi"}}, "")).refusal);
  CHECK_FALSE(hold({.max_length = 2}, judged_answer("hi", {{"a long key", "hi"}}, "")).refusal);
  CHECK(judged_answer("hi", "hi", "").beside.empty());
}

TEST_CASE("an ordinary pattern finds its end in the longest text that is judged, a piece at a time") {
  const std::string text = repeated("order 4711 of 2026-11-20: 12 pieces, 한글 3 \n", limits::kJudgedBytes);
  for (const std::string pattern : {R"(\b\d{3}-\d{2}-\d{4}\b)", R"([\w.+-]+@[\w-]+\.\w+)",
                                    R"(\b(?:\d[ -]?){13,16}\b)", "(?i)password", R"((?s)BEGIN.*END)"}) {
    CAPTURE(pattern);
    const Held absent = hold({.deny = pattern}, judged_message(text, Json::object()));
    CHECK_FALSE(absent.refusal);
  }
  const std::string ending = text.substr(0, text.size() - 40) + " 123-45-6789 ";
  CHECK(hold({.deny = R"(\b\d{3}-\d{2}-\d{4}\b)"}, judged_message(ending, Json::object())).refusal);
  CHECK_FALSE(passes({.deny = "END$"}, text.substr(0, text.size() - 10) + "END"));
}

TEST_CASE("a match across the border of two pieces is found, and looks behind it") {
  for (std::size_t at = limits::kSearchPart - 8; at < limits::kSearchPart + 8; ++at) {
    std::string text(3 * limits::kSearchPart, 'x');
    text.replace(at, 6, "needle");
    CHECK_FALSE(passes({.deny = "needle"}, text));
    CHECK_FALSE(passes({.deny = "(?<=x)needle(?=x)"}, text));
    CHECK(passes({.deny = "^needle"}, text));
  }
}

TEST_CASE("a pattern that runs away is cut off, and what it could not decide is refused") {
  for (const std::string pattern : {"(a+)+$", "(a|aa)+$", "(.*a){12}[xy]", "([a-z]+)*[!?]", "(a*)\\1[xy]"}) {
    CAPTURE(pattern);
    const std::string text = std::string(60'000, 'a') + "b";
    for (bool deny : {true, false}) {
      RuleSettings settings;
      (deny ? settings.deny : settings.require) = pattern;
      const Held held = hold(settings, judged_message(text, Json::object()));
      REQUIRE(held.refusal);
      CHECK(held.longest < std::chrono::milliseconds(1'000));  // 20 without sanitizers
      CHECK(held.steps <= limits::kSearchParts + 2);
    }
  }
}

TEST_CASE("a text that is longer than what is judged is refused; its length can still be told") {
  const std::string text(limits::kJudgedBytes + 1, 'a');
  CHECK_FALSE(passes({.deny = "b"}, text));
  CHECK_FALSE(passes({.require = "a"}, text));
  CHECK_FALSE(passes({.schema = Json::object()}, text));
  CHECK(passes({.max_length = 10'000'000}, text));
  CHECK(passes({.deny = "b"}, text.substr(1)));
}

TEST_CASE("bytes that are no UTF-8 are judged as they are shown") {
  CHECK(passes({.deny = "x"}, "a\xFF\xC3(b"));
  CHECK_FALSE(passes({.deny = "b$"}, "a\xFF\xC3(b"));
  CHECK_FALSE(passes({.deny = "\xEF\xBF\xBD"}, "a\xFF"));
  CHECK_FALSE(passes({.schema = Json::object()}, "\"\xFF\""));
  CHECK(judged_to_message(judged_message("a\xFF", Json::object())).content == "{\"text\":\"a\xEF\xBF\xBD\"}");
}

TEST_CASE("a rule without a name is called by its place and kind") {
  auto named = [](RuleSettings settings, Side side, std::size_t place) {
    return Rule::compile(settings, side, place)->name();
  };
  CHECK(named({.deny = "x"}, Side::input, 0) == "input[0].deny");
  CHECK(named({.max_length = 1}, Side::output, 2) == "output[2].length");
  CHECK(named({.model = "m", .prompt = "p"}, Side::output, 1) == "output[1].model");
  CHECK(named({.name = "polite", .deny = "x"}, Side::output, 1) == "polite");
  CHECK_FALSE(Rule::compile({.deny = "("}, Side::input, 0));
  CHECK_FALSE(Rule::compile({.deny = std::string(5'000, 'a')}, Side::input, 0));
  CHECK_FALSE(Rule::compile({.schema = {{"type", "strin"}}}, Side::input, 0));
}

#include "plugins/check/validator.h"

#include "plugins/check/repeats.h"
#include "plugins/check/sample_input.h"
#include "tests/plugins/plugin_stage.h"
#include "tools/json_schema.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::plugins;

namespace {

struct Judged {
  std::vector<Finding> findings;
  bool has(Finding::Kind kind, std::string_view words) const {
    return std::ranges::any_of(findings, [&](const Finding& one) {
      return one.kind == kind && one.text.find(words) != std::string::npos;
    });
  }
  std::size_t count(Finding::Kind kind) const {
    return static_cast<std::size_t>(std::ranges::count(findings, kind, &Finding::kind));
  }
};

Judged judge(const std::string& library, ValidatorOptions options) {
  SystemClock clock;
  Loop loop(clock);
  options.instance.name = "checked";
  Judged judged;
  const LineMaker make = process_lines(loop, worker_cage({.path = library}));
  fakes::run(loop, validate(loop, make, std::move(options),
                            [&judged](const Finding& finding) { judged.findings.push_back(finding); }));
  for (const Finding& finding : judged.findings) INFO(finding.text);
  return judged;
}

}  // namespace

TEST_CASE("a good plugin has nothing found against it, and what was tried is told") {
  const Judged judged = judge(TROUPE_GREET_PLUGIN, {.repeats = 200});
  CHECK(judged.count(Finding::Kind::problem) == 0);
  CHECK(judged.count(Finding::Kind::warning) == 0);
  CHECK(judged.has(Finding::Kind::good, "it loads, is `greet` 1.0 and starts"));
  CHECK(judged.has(Finding::Kind::good, "tool `greet` answers “Hello, example!”"));
  CHECK(judged.has(Finding::Kind::good, "tool `greet` was called 301 times, each call ended once"));
}

TEST_CASE("what a plugin does wrong is found: twice ended calls, crashes, a deaf ear to cancel") {
  const Judged judged = judge(TROUPE_HOSTILE_PLUGIN, {.inputs = {{"twice", Json::object()},
                                                                 {"crash", Json::object()},
                                                                 {"until_cancelled", Json::object()},
                                                                 {"hang", Json::object()}},
                                                      .repeats = 1,
                                                      .call_time = 200ms});
  CHECK(judged.has(Finding::Kind::problem, "tool `twice` finished a call that had ended"));
  CHECK_FALSE(judged.has(Finding::Kind::good, "tool `twice` was called"));
  CHECK(judged.has(Finding::Kind::problem, "tool `crash`: call 1 ended its worker"));
  CHECK(judged.has(Finding::Kind::problem, "tool `hang`: call 1 ended its worker"));
  CHECK(judged.has(Finding::Kind::skipped, "tool `leave` is at_most_once"));
  CHECK(judged.has(Finding::Kind::skipped, "oracle `delphi`"));
  CHECK(judged.has(Finding::Kind::good, "tool `echo` answers “{}”"));
}

TEST_CASE("models and embedders are asked something small, and their answers held against their kind") {
  const Judged judged = judge(TROUPE_MODELS_PLUGIN, {.repeats = 10});
  CHECK(judged.has(Finding::Kind::good, "model `scripted` answers “You said: Say hello.”, without counting"));
  CHECK(judged.has(Finding::Kind::good, "model `scripted` was called 12 times, each call ended once"));
  CHECK(judged.has(Finding::Kind::good, "embedder `letters` gives vectors of 4 dimensions"));
  CHECK(judged.has(Finding::Kind::problem, "model `raw`: the plugin's answer is no JSON"));
  CHECK(judged.count(Finding::Kind::problem) == 1);

  const Judged streamed = judge(
      TROUPE_MODELS_PLUGIN,
      {.inputs = {{"scripted", {{"messages", {{{"role", "user"}, {"text", "say a b"}}}}}}}, .repeats = 2});
  CHECK(streamed.has(Finding::Kind::good, "model `scripted` answers “a b”, streamed"));
  const Judged failing =
      judge(TROUPE_MODELS_PLUGIN,
            {.inputs = {{"scripted", {{"messages", {{{"role", "user"}, {"text", "die"}}}}}}}, .repeats = 2});
  CHECK(failing.has(Finding::Kind::problem, "model `scripted`: call 1 ended its worker"));
  const Judged endless =
      judge(TROUPE_MODELS_PLUGIN,
            {.inputs = {{"scripted", {{"messages", {{{"role", "user"}, {"text", "endless"}}}}}}},
             .repeats = 1,
             .call_time = 100ms});
  CHECK(endless.has(Finding::Kind::good, "model `scripted` ends when it is cancelled"));

  const Judged example = judge(TROUPE_NGRAMS_PLUGIN, {.repeats = 50});
  CHECK(example.count(Finding::Kind::problem) == 0);
  CHECK(example.count(Finding::Kind::warning) == 0);
  CHECK(example.has(Finding::Kind::good, "embedder `ngrams` was called 22 times, each call ended once"));
}

TEST_CASE("guardrails and loaders are called, and what they answer is held against their form") {
  const Judged judged = judge(TROUPE_JUDGING_PLUGIN, {.inputs = {{"odd", {{"source", "talk.odd"}}}},
                                                      .files = {{"odd", "ODD lines"}},
                                                      .repeats = 20,
                                                      .call_time = 1s});
  CHECK(judged.has(Finding::Kind::good, "guardrail `polite` answers “{\"pass\":true"));
  CHECK(judged.has(Finding::Kind::good, "loader `odd` answers “{\"parts\""));
  CHECK(judged.has(Finding::Kind::problem, "guardrail `crash`: call 1 ended its worker"));
  CHECK(judged.has(Finding::Kind::problem, "guardrail `hang`: call 1 ended its worker"));
  CHECK(judged.has(Finding::Kind::problem, "guardrail `nonsense`: what it answered is no verdict"));
  CHECK(judged.has(Finding::Kind::problem, "guardrail `word`: what it answered is no verdict"));
  CHECK(judged.has(Finding::Kind::problem, "loader `rave`: what its loader answered is no JSON"));
  CHECK(judged.has(Finding::Kind::warning, "loader `rave` says of no format"));
  CHECK_FALSE(judged.has(Finding::Kind::problem, "`polite`"));
  CHECK_FALSE(judged.has(Finding::Kind::problem, "`odd`"));
}

TEST_CASE("memories choose and note of a short conversation, and both are held against their form") {
  const Judged example = judge(TROUPE_KEYWORDS_PLUGIN, {.repeats = 20});
  CHECK(example.has(Finding::Kind::good, "memory `keywords`, recall chooses 3 of 3 turns"));
  CHECK(
      example.has(Finding::Kind::good, "memory `keywords`, settle notes “- Remember that my name is Mina”"));
  CHECK(example.has(Finding::Kind::good, "memory `keywords`, settle was called 121 times"));

  const auto scripted = [](const char* recall, const char* settle) {
    const Json options = {{"recall", recall}, {"settle", settle}};
    return judge(TROUPE_MEMORY_PLUGIN,
                 {.inputs = {{"scripted", {{"options", options}}}}, .repeats = 2, .call_time = 200ms});
  };
  const Judged odd = scripted(R"({"turns": [3]})", R"({"notes": "x", "turns": 4})");
  CHECK(odd.has(Finding::Kind::problem, "memory `scripted`, recall: what it answered is not"));
  CHECK(odd.has(Finding::Kind::problem, "memory `scripted`, settle: what it answered is not"));
  CHECK(odd.has(Finding::Kind::problem, "memory `slow`, recall: call 1 ended its worker"));
  const Judged crashing = scripted("crash", "{}");
  CHECK(crashing.has(Finding::Kind::problem, "memory `scripted`, recall: call 1 ended its worker"));
  CHECK(crashing.has(Finding::Kind::good, "memory `scripted`, settle notes nothing"));
}

TEST_CASE("the examples have nothing found against them") {
  for (const char* library : {TROUPE_SUBTITLES_PLUGIN, TROUPE_BANK_DETAILS_PLUGIN, TROUPE_KEYWORDS_PLUGIN}) {
    CAPTURE(library);
    const Judged judged = judge(library, {.repeats = 50});
    CHECK(judged.count(Finding::Kind::problem) == 0);
    CHECK(judged.count(Finding::Kind::warning) == 0);
    for (const Finding& finding : judged.findings)
      if (finding.kind == Finding::Kind::skipped)
        CHECK_MESSAGE(finding.text.contains("before it could be cancelled"), finding.text);
  }
}

TEST_CASE("what is no plugin is said to be none") {
  const Judged judged = judge(TROUPE_PLUGIN_WORKER, {});
  REQUIRE(judged.findings.size() == 1);
  CHECK(judged.findings[0].kind == Finding::Kind::problem);
}

TEST_CASE("a configuration that the plugin does not take is told before `init` has it, with every problem") {
  const auto checked = [](std::string config) {
    return judge(TROUPE_CHECKED_PLUGIN, {.instance = {.config = std::move(config)}, .repeats = 1});
  };
  const Judged wrong = checked(R"({"unit": 5, "most": "x"})");
  REQUIRE(wrong.findings.size() == 1);
  CHECK(wrong.has(Finding::Kind::misuse, "--config does not go with the plugin `probe`: its `config`: "));
  CHECK(wrong.has(Finding::Kind::misuse, "/unit: "));
  CHECK(wrong.has(Finding::Kind::misuse, "/most: "));
  const Judged none = checked("{}");
  REQUIRE(none.findings.size() == 1);
  CHECK(none.has(Finding::Kind::misuse, R"(needs --config, such as --config '{"unit":"example"}': )"));
  CHECK(none.has(Finding::Kind::misuse, "/unit: is required"));
  for (const char* fitting : {R"({"unit": "m"})", R"({"unit": "m", "secrets": {"key": "k"}})"}) {
    CAPTURE(fitting);
    const Judged good = checked(fitting);
    CHECK(good.count(Finding::Kind::misuse) == 0);
    CHECK(good.has(Finding::Kind::good, "tool `quick` answers “done”"));
  }
  const Judged taken = judge(TROUPE_JUDGING_PLUGIN, {.instance = {.config = R"({"a": 1})"}});
  REQUIRE(taken.findings.size() == 1);
  CHECK(taken.has(Finding::Kind::misuse, "it takes no `config`"));
}

TEST_CASE("inputs that no service takes are told, each with what is near it, and nothing is tried") {
  const auto with = [](const char* library, std::map<std::string, Json> inputs) {
    return judge(library, {.inputs = std::move(inputs), .repeats = 1});
  };
  const Judged unknown =
      with(TROUPE_GREET_PLUGIN, {{"gret", Json::object()}, {"fetch", Json::object()}, {"greet", 5}});
  CHECK(unknown.findings.size() == 3);
  CHECK(unknown.has(Finding::Kind::misuse, "has no service `gret`; did you mean `greet`?"));
  CHECK(unknown.has(Finding::Kind::misuse, "has no service `fetch`. It has: greet"));
  CHECK(unknown.has(Finding::Kind::misuse, "the tool `greet` is called with is a JSON object, not 5"));

  const Judged memory = with(TROUPE_KEYWORDS_PLUGIN, {{"keywords", {{"options", {{"most", "x"}}}}}});
  REQUIRE(memory.findings.size() == 1);
  CHECK(memory.has(Finding::Kind::misuse, "the memory `keywords`: its `options`: /most: "));
  const Judged guardrail = with(TROUPE_JUDGING_PLUGIN, {{"polite", {{"settings", {{"wrod", "x"}}}}}});
  REQUIRE(guardrail.findings.size() == 1);
  CHECK(guardrail.has(Finding::Kind::misuse, "the guardrail `polite`: its `settings`: "));
  const Judged index = with(TROUPE_INDEX_PLUGIN, {{"compared", {{"factory", "Flat"}}}});
  REQUIRE(index.findings.size() == 1);
  CHECK(index.has(Finding::Kind::misuse, "the index `compared`: its `options`: "));
  const Judged tool = with(TROUPE_GREET_PLUGIN, {{"greet", {{"name", 5}}}});
  REQUIRE(tool.findings.size() == 1);
  CHECK(tool.has(Finding::Kind::misuse, "the tool `greet`: its `input`: /name: "));
}

TEST_CASE("repeats end with their time, and how many there were is told") {
  const Judged judged = judge(TROUPE_GREET_PLUGIN, {.repeats = 1'000'000, .repeats_time = 100ms});
  CHECK(judged.count(Finding::Kind::problem) == 0);
  CHECK(judged.has(Finding::Kind::good, "each call ended once; its time of 0.1 s was over after "));
  CHECK(judged.has(Finding::Kind::good, " of 1000000 repeats"));
  const Judged index = judge(TROUPE_INDEX_PLUGIN, {.repeats = 1'000'000, .repeats_time = 1ms});
  CHECK(index.has(Finding::Kind::good, "vectors; its time of 0.001 s was over after 0 of 1000000 repeats") !=
        index.has(Finding::Kind::good, "with a filter 100 %; its time of 0.001 s was over after "));
}

TEST_CASE("slow calls warm up for a part of the time only, and there is one call in any case") {
  const Instant begin{};
  const auto calls = [begin](Repeats repeats, Milliseconds each) {
    Instant now = begin;
    std::size_t looks = 0;
    for (; repeats.more(now); repeats.called()) {
      looks += repeats.begins_to_judge(now) ? 1 : 0;
      now += each;
    }
    CHECK(looks <= 1);
    return std::pair(repeats.calls(), repeats.judged());
  };
  const auto wanted = [begin](Milliseconds time) { return Repeats(100, 1'000, time, begin); };
  CHECK(calls(wanted(5s), 1ms) == std::pair<std::size_t, std::size_t>(1'100, 1'000));
  CHECK(calls(wanted(5s), 10ms) == std::pair<std::size_t, std::size_t>(500, 400));
  CHECK(calls(wanted(5s), 1s) == std::pair<std::size_t, std::size_t>(5, 4));
  CHECK(calls(wanted(5s), 10s) == std::pair<std::size_t, std::size_t>(1, 0));
  CHECK(calls(wanted(0s), 1ms) == std::pair<std::size_t, std::size_t>(1, 0));
}

TEST_CASE("calls that end twice are counted when they are cancelled and many at once, too") {
  const Judged judged =
      judge(TROUPE_CHECKED_PLUGIN, {.instance = {.config = R"({"unit": "m"})", .cancel_grace = 30s},
                                    .inputs = {{"twice_when_cancelled", Json::object()},
                                               {"twice_at_once", Json::object()},
                                               {"no", Json::object()}},
                                    .repeats_time = 0ms});
  CHECK(judged.has(Finding::Kind::problem, "tool `twice_when_cancelled` finished a call that had ended 1 "));
  CHECK(judged.has(Finding::Kind::problem, "tool `twice_at_once` finished a call that had ended "));
  CHECK_FALSE(judged.has(Finding::Kind::good, "tool `twice_when_cancelled` was called"));
  CHECK_FALSE(judged.has(Finding::Kind::problem, "tool `quick`"));
  CHECK_FALSE(judged.has(Finding::Kind::problem, "tool `no`"));
}

TEST_CASE("what ends before it is cancelled is not said to end because of that") {
  const Judged judged = judge(TROUPE_HOSTILE_PLUGIN,
                              {.inputs = {{"fails", Json::object()}, {"until_cancelled", Json::object()}},
                               .repeats_time = 1s,
                               .call_time = 200ms});
  CHECK(judged.has(Finding::Kind::skipped, "tool `fails` is done within 5 ms, before it could be cancelled"));
  CHECK_FALSE(judged.has(Finding::Kind::good, "tool `fails` ends when it is cancelled"));
  CHECK(judged.has(Finding::Kind::good, "tool `until_cancelled` ends when it is cancelled"));
}

TEST_CASE("answers and words of errors that are not UTF-8 are a problem") {
  const Judged judged =
      judge(TROUPE_CHECKED_PLUGIN, {.instance = {.config = R"({"unit": "m"})"},
                                    .inputs = {{"no_text", Json::object()}, {"no_words", Json::object()}},
                                    .repeats = 1});
  CHECK(judged.has(Finding::Kind::problem,
                   "tool `no_text`: what it answered is not UTF-8: byte 2 of 3 is 0xff"));
  CHECK(judged.has(Finding::Kind::problem,
                   "tool `no_words`: what it answered is not UTF-8: byte 9 of 9 is 0xc3"));
  CHECK_FALSE(judged.has(Finding::Kind::good, "tool `no_text` answers"));
}

TEST_CASE("a sample fits the schema it was made of") {
  for (
      const char* text :
      {R"({"type":"object"})",
       R"({"type":"object","required":["a"],"properties":{"a":{"type":"string","minLength":12}}})",
       R"({"type":"object","required":["n","m"],"properties":{"n":{"type":"integer","minimum":5},"m":{"type":"number","exclusiveMinimum":2,"maximum":9}}})",
       R"({"type":"object","required":["l"],"properties":{"l":{"type":"array","minItems":3,"items":{"enum":["x","y"]}}}})",
       R"({"type":"object","required":["o"],"properties":{"o":{"anyOf":[{"type":"boolean"},{"type":"null"}]}}})",
       R"({"type":"object","required":["d"],"properties":{"d":{"type":["integer","null"],"default":7}}})"}) {
    CAPTURE(text);
    const auto schema = parse_json(text);
    REQUIRE(schema);
    const Json sample = sample_input(*schema);
    auto compiled = tools::JsonSchema::compile(*schema);
    REQUIRE(compiled);
    CHECK_MESSAGE(compiled->check(sample), dump(sample));
  }
  CHECK(sample_input(nullptr) == Json::object());
}

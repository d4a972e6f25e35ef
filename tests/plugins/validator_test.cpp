#include "plugins/check/validator.h"

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
  CHECK(judged.has(Finding::Kind::good, "200 times, each call ended once"));
}

TEST_CASE("what a plugin does wrong is found: twice ended calls, crashes, a deaf ear to cancel") {
  const Judged judged = judge(TROUPE_HOSTILE_PLUGIN, {.inputs = {{"twice", Json::object()},
                                                                 {"crash", Json::object()},
                                                                 {"until_cancelled", Json::object()},
                                                                 {"hang", Json::object()}},
                                                      .repeats = 1,
                                                      .call_time = 200ms});
  CHECK(judged.has(Finding::Kind::problem, "tool `twice` finished"));
  CHECK(judged.has(Finding::Kind::problem, "tool `crash`: call 1 ended its worker"));
  CHECK(judged.has(Finding::Kind::problem, "tool `hang`: call 1 ended its worker"));
  CHECK(judged.has(Finding::Kind::skipped, "tool `leave` is at_most_once"));
  CHECK(judged.has(Finding::Kind::skipped, "oracle `delphi`"));
  CHECK(judged.has(Finding::Kind::good, "tool `echo` answers “{}”"));
}

TEST_CASE("models and embedders are asked something small, and their answers held against their kind") {
  const Judged judged = judge(TROUPE_MODELS_PLUGIN, {.repeats = 10});
  CHECK(judged.has(Finding::Kind::good, "model `scripted` answers “You said: Say hello.”, without counting"));
  CHECK(judged.has(Finding::Kind::good, "model `scripted` was called 10 times, each call ended once"));
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
  CHECK(example.has(Finding::Kind::good, "embedder `ngrams` was called 20 times, each call ended once"));
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
  CHECK(example.has(Finding::Kind::good, "memory `keywords`, settle was called 20 times"));

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
    CHECK(judged.count(Finding::Kind::skipped) == 0);
  }
}

TEST_CASE("what is no plugin is said to be none") {
  const Judged judged = judge(TROUPE_PLUGIN_WORKER, {});
  REQUIRE(judged.findings.size() == 1);
  CHECK(judged.findings[0].kind == Finding::Kind::problem);
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

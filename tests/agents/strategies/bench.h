#pragma once

#include "agents/agent.h"
#include "agents/react/loop.h"
#include "tests/fakes/test_tool.h"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

/// A strategy's run without model, store and loop: replies go in as a provider would bring them, steps come
/// out, the transcript can be looked at.
namespace troupe::agents {

inline models::ToolDeclaration declared(std::string name, std::string schema, std::string description = "d") {
  return {std::move(name), std::move(description), std::move(schema)};
}

inline const models::ToolDeclaration kWiki = declared(
    "wiki",
    R"({"type":"object","properties":{"query":{"type":"string"},"operation":{"type":"string","enum":["find","search","lookup"]}},"required":["query"]})");
inline const models::ToolDeclaration kCalc = declared(
    "calc", R"({"type":"object","properties":{"expression":{"type":"string"}},"required":["expression"]})");

class Bench {
 public:
  explicit Bench(std::string_view strategy, Declarations tools = {kWiki, kCalc}, OutputSettings output = {},
                 std::vector<models::Message> history = {}) {
    auto made = make_strategy(strategy, tools);
    REQUIRE(made);
    auto structured = StructuredOutput::make(output);
    REQUIRE(structured);
    LoopStart start{.system = "sys",
                    .history = std::move(history),
                    .user = {.role = models::Role::user, .content = "q?"}};
    for (std::size_t i = 0; i < start.history.size(); ++i)
      if (start.history[i].role == models::Role::assistant) start.answers.push_back(i);
    loop = std::make_unique<ReactLoop>(AgentLimits{}, std::move(start), std::move(*made),
                                       std::move(*structured));
    (void)loop->start();
  }

  Step says(models::ModelReply reply) {
    std::vector<StepDelta> deltas;
    auto parser = make_step_parser(loop->strategy().parser());
    if (!parser->feed(reply.text, deltas)) reply.finish = models::FinishReason::closed_early;
    ParsedStep parsed = parser->finish(deltas);
    return loop->on_reply(reply, parsed, 0);
  }
  Step says(std::string text) {
    models::ModelReply reply;
    reply.text = std::move(text);
    return says(std::move(reply));
  }

  /// Every call of `step` comes back with `output`.
  Step give(const Step& step, std::string output, bool ok = true) {
    std::vector<Observation> seen;
    for (const PlannedCall& call : std::get<RunTools>(step).calls) {
      bool fine = ok && call.refused.empty();
      seen.push_back({.call = call.id,
                      .tool = call.tool,
                      .ok = fine,
                      .output = fine ? output : "",
                      .error = fine                   ? ""
                               : call.refused.empty() ? output
                                                      : call.refused});
    }
    return loop->on_observations(std::move(seen));
  }

  const std::vector<models::Message>& messages() const { return loop->transcript()->messages(); }
  const std::string& last() const { return messages().back().content; }

  std::unique_ptr<ReactLoop> loop;
};

inline const PlannedCall& only_call(const Step& step) {
  REQUIRE(std::holds_alternative<RunTools>(step));
  REQUIRE(std::get<RunTools>(step).calls.size() == 1);
  return std::get<RunTools>(step).calls[0];
}
inline const Finish& end_of(const Step& step) {
  REQUIRE(std::holds_alternative<Finish>(step));
  return std::get<Finish>(step);
}

inline std::vector<std::string> strategy_names() {
  std::vector<std::string> names;
  for (const StrategyEntry& entry : strategy_entries()) names.emplace_back(entry.name);
  return names;
}

}  // namespace troupe::agents

#pragma once

#include "models/builtin/builtin.h"
#include "tests/models/call.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

/// A conversation with `builtin`: the tools it is offered and what they are made to answer.
namespace troupe::models::testing {

inline ToolDeclaration calculator() {
  return {"calculator", "Computes an arithmetic expression.",
          R"({"type":"object","properties":{"expression":{"type":"string"}},"required":["expression"]})"};
}
inline ToolDeclaration wiki() {
  return {
      "wiki", "Looks things up in Wikipedia.",
      R"({"type":"object","properties":{"query":{"type":"string"},"operation":{"type":"string","enum":["find","search","summary","section","lookup"]},"title":{"type":"string"}},"required":["query"]})"};
}
inline ToolDeclaration web() {
  return {
      "web", "Searches the web and returns pages.",
      R"({"type":"object","properties":{"query":{"type":"string"},"urls":{"type":"array"},"topic":{"type":"string","enum":["general","news"]}},"anyOf":[{"required":["query"]},{"required":["urls"]}]})"};
}
inline ToolDeclaration clock_tool() {
  return {"clock", "Tells the date and time now.",
          R"({"type":"object","properties":{"timezone":{"type":"string"}}})"};
}

/// Asks, and answers each call with the next of `outputs` (a leading "!" makes it an error), until the final
/// answer or until the outputs are used up. Returns the last step.
inline Json converse(std::string question, std::vector<ToolDeclaration> tools,
                     std::vector<std::string> outputs = {}, std::vector<Message> history = {}) {
  std::vector<Message> messages = std::move(history);
  messages.push_back(user(std::move(question)));
  builtin::Builtin model({.name = "builtin"}, builtin::Zones({"Asia/Tokyo", "Asia/Seoul"}));
  for (std::size_t i = 0;; ++i) {
    Caller caller;
    auto reply = caller.call(model, request_of(messages, tools));
    REQUIRE(reply.has_value());
    Json step = Json::parse(reply->text);
    if (step.contains("final_answer") || i >= outputs.size()) return step;
    messages.push_back(assistant(reply->text));
    bool ok = !outputs[i].starts_with('!');
    Json observation = {{"call", "c_" + std::to_string(i + 1)},
                        {"tool", step["action"]},
                        {"ok", ok},
                        {ok ? "output" : "error", ok ? outputs[i] : outputs[i].substr(1)}};
    messages.push_back(user(dump(Json{{"observation", observation}})));
  }
}

}  // namespace troupe::models::testing

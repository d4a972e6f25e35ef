#pragma once

#include "agents/react/step_parser.h"
#include "runtime/base/json.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tests {

/// One recorded reply of a real model, and what the program that it was written for made of it
/// (tests/fixtures/react_turns).
struct Turn {
  std::string collection, id, model, format, completion;
  Json expected;

  /// The program executed an action or ended with an answer.
  bool executed() const { return string_or(expected, "type") != "malformed"; }
};

inline constexpr const char* kJudgedCollections[] = {"search_lookup_finish", "langchain_traces",
                                                     "recorded_agent_loops", "autogpt_json_commands"};
inline constexpr const char* kOtherCollections[] = {"webshop_bracket", "intercode_bracket_code",
                                                    "sweagent_turns"};

/// The lines of a fixture of JSON lines. Throws when one is no JSON.
std::vector<Json> records_of(const std::string& fixture);
std::vector<Turn> turns_of(const std::string& collection);

/// The strategy for which a turn of this format was written, whatever came of it.
std::string_view strategy_of(std::string_view format);

/// A whole reply, read at once.
agents::ParsedStep read_whole(std::string_view reply, agents::Dialect dialect);
agents::ParsedStep read_turn(const Turn& turn);

/// Whether the step is exactly the recorded one: type, tool and input, or answer. Blanks around texts do not
/// count, nor whether an input that is JSON was kept as its text.
bool agrees(const Turn& turn, const agents::ParsedStep& step);

/// Why the rules of docs/parser.md forbid what was recorded, judged by the record alone: nothing where they
/// do not.
std::optional<std::string> contradiction(const Turn& turn);

/// "final answer `42`", "call of `search`" …, for people.
std::string summary(const Json& outcome);

}  // namespace troupe::tests

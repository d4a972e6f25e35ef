#pragma once

#include "agents/react/step_parser.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// What a key of a step's JSON object means, in whatever spelling the model has learned.
enum class StepKey {
  other,
  thought,      ///< a thought, or AutoGPT's object of several
  action,       ///< the name of a tool, or an object with name and input
  input,        ///< the tool's input
  actions,      ///< several calls
  command,      ///< an object with name and input
  answer,       ///< the final answer
  weak_answer,  ///< an answer, if nothing else in the object is a step
  observation,  ///< made up by the model: what follows is fiction
};
StepKey step_key(std::string_view name);

/// True for the names under which models "call" the end: Final Answer, finish, task_complete …
bool is_final_name(std::string_view name);
/// True for names that mean no tool: None, N/A, "no action needed" …
bool is_no_tool(std::string_view name);

/// Reads a JSON value as a step. `where` names it in reasons ("the object that starts at byte 12"). The
/// thought is filled in even where the rest is malformed. A call that JSON cannot hold otherwise, tool("x"),
/// is read as well.
struct StepObject {
  std::string thought;
  std::variant<Malformed, ActionStep, FinalStep> outcome;
  bool partial = false;        ///< malformed, but some of its keys belong to a step
  bool without_input = false;  ///< a tool is named, but no input
};
/// With `weak_answers`, {"answer": …} without anything else is an answer.
StepObject read_step_object(const Json& value, std::string_view where, bool weak_answers);

/// The text of a thought that may be a string or AutoGPT's object of several.
std::string thought_text(const Json& value);
/// A final answer out of its JSON: a string is itself, an object that holds only a text is that text,
/// anything else is data.
FinalStep final_step(const Json& value);

/// Whether a member's value is none: null, or a text of blanks. The first answer that says something counts.
bool says_nothing(const Json& value);

}  // namespace troupe::agents

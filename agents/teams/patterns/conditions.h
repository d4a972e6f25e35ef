#pragma once

#include "agents/teams/settings.h"
#include "runtime/base/json.h"

#include <map>
#include <string>
#include <string_view>

/// Conditions of edges. Pure.
namespace troupe::agents {

class Blackboard;

/// What a node gave when it last ran.
struct NodeOutput {
  std::string text;
  Json data;       ///< null: none
  Json citations;  ///< null: none
};
using NodeOutputs = std::map<std::string, NodeOutput, std::less<>>;

/// The data of an output: what it gave as such, else its text where that is a JSON object or list, alone or
/// as the only code block of it; else null.
Json data_of(const NodeOutput& output);

/// The value at a JSON pointer (RFC 6901); nullptr: there is none, or it is no pointer.
const Json* at_pointer(const Json& value, std::string_view pointer);

/// What a condition came to.
struct EdgeVerdict {
  bool applies = false;
  std::string told;  ///< for people: what was looked at, what was there, what was wanted
};

/// Holds a condition against what there is. `from`: the node the edge comes from.
///
/// Without a pointer a node's text is looked at where the test is about texts (contains, matches, or a value
/// that is a text or a list of texts), else its data. Texts of nodes are compared without blanks at their
/// ends; a text that is a number, or true or false, is one where such is wanted. What is not there meets
/// `differs` and no other test. A pattern that is none, or too hard for the text, applies to nothing, and
/// `told` says so. At most limits::kConditionBytes of a text are looked at.
EdgeVerdict judge(const ConditionSettings& condition, std::string_view from, const NodeOutputs& outputs,
                  const Blackboard& board);

}  // namespace troupe::agents

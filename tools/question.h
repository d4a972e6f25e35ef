#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The input of a tool that asks a person (ToolSpec::asks): `question`, `options` to choose from, and
/// `answer`, which is the person's and nobody else's.
namespace troupe::tools {

struct Question {
  std::string text;
  std::vector<std::string> options;  ///< the answer is one of them; empty: any text
};
/// Of an input that fits the tool's schema; what is not there, or is none, is left empty.
Question question_of(const Json& input);

/// The JSON Schema of the input.
std::string question_schema();

/// What the person answered; "": nobody has.
std::string answer_of(const Json& input);

/// Takes an answer out of what a model asks, for a model cannot give it. True: there was one.
bool take_out_answer(Json& input);

/// The input that the call is made with. `given`: what the person sent, which need not repeat what was asked.
/// Errors, written for that person: invalid (no answer, an empty one, none of the options, or a change of
/// what was asked).
Result<Json> answered(const Json& asked, const std::optional<Json>& given);

}  // namespace troupe::tools

#pragma once

#include "agents/react/step_parser.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// What the text formats write around and inside a call, as values.

/// A tool's name without packaging: blanks, backticks, quotes, bold, a fence, "(a remark)", a final full
/// stop.
std::string clean_tool_name(std::string_view text);

/// The input behind `Action Input:`: a JSON object where the text is one (mended), else the text without the
/// blanks, the fence and the double quotes around it.
Json input_of_text(std::string_view text, std::vector<std::string>& repairs);
/// The argument inside brackets: a JSON object where it is one, else the text as it stands, quotes and all,
/// for a quoted title is another search than an unquoted one.
Json input_of_brackets(std::string_view text, std::vector<std::string>& repairs);

/// The arguments of tool(a=1, b="x"), tool({"a": 1}) or tool("x"): an object, or the single value. Nothing
/// for arguments that cannot be read.
std::optional<Json> call_arguments(std::string_view arguments, std::vector<std::string>& repairs);

/// The answer with its data, where the whole text is a JSON object or list.
FinalStep final_of_text(std::string text);

}  // namespace troupe::agents

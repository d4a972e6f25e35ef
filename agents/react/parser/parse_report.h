#pragma once

#include "agents/react/step_parser.h"
#include "runtime/base/json.h"

#include <iosfwd>
#include <optional>
#include <string_view>

namespace troupe::agents {

/// The dialect in which the agents of a strategy write (`react`, `react_text`, `tools`, `conversational`,
/// `docstore`, `self_ask`, `plan_execute`); nothing for an unknown one.
std::optional<Dialect> dialect_of(std::string_view strategy);

/// What an agent would do with one reply: {"type":"action","tool","input"} (several calls: "actions":[…]),
/// {"type":"final","answer"} (with "data" where the answer is JSON) or {"type":"malformed","reason"};
/// "thought" and "repairs" where there are any.
Json report_of(const ParsedStep& step);
Json parse_reply(std::string_view reply, Dialect dialect);

/// `troupe parse`: reads model text, or JSON lines with `completion`, and prints a report a line, flushed,
/// with the line's `id` where it has one. Which of both it is shows in the first line that is not blank; a
/// later line that is no JSON with `completion` is reported by its number. Returns the exit code: 0 when
/// everything was a step, 1 when something was malformed or no JSON line.
int run_parse(std::istream& in, std::ostream& out, Dialect dialect);

}  // namespace troupe::agents

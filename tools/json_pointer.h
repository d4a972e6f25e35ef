#pragma once

#include "runtime/base/json.h"

#include <string>
#include <string_view>

/// JSON Pointers (RFC 6901). Pure; any thread.
namespace troupe::tools {

/// What is wrong with a pointer, or "".
std::string pointer_problem(std::string_view pointer);

/// What a pointer without problems names in `value`, or nullptr.
const Json* at_pointer(const Json& value, std::string_view pointer);

/// A name as one step of a pointer: "a/b" → "a~1b".
std::string pointer_step(std::string_view name);

}  // namespace troupe::tools

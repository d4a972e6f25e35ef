#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// What every prompt of a chain has: the output of the step before (at first the message), and the message.
inline constexpr std::string_view kInputPlaceholder = "input";
inline constexpr std::string_view kMessagePlaceholder = "message";

/// The names that fill_placeholders() would fill in, each once, in the order of the text.
std::vector<std::string> placeholders_of(std::string_view text);

/// True for what may stand in braces: letters, digits and underscores, no digit first.
bool is_placeholder_name(std::string_view name);

}  // namespace troupe::agents

#pragma once

#include <string>
#include <string_view>

namespace troupe::agents {

/// Lower case, without blanks, `_` and `-`: "Action Input", action_input and actionInput are one name.
std::string plain_name(std::string_view name);
/// Without the blanks around it.
std::string trimmed(std::string_view text);

}  // namespace troupe::agents

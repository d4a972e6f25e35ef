#pragma once

#include <string>
#include <string_view>

namespace troupe::tools {

/// The text with what is not UTF-8, and zero bytes, replaced by U+FFFD. Any thread.
std::string sound_utf8(std::string_view text);

}  // namespace troupe::tools

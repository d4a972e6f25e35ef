#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe::tools {

/// The bytes of base 64 (RFC 4648, 4) without line breaks, padded or not; nothing for what is none. Pure.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace troupe::tools

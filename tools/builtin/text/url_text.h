#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::tools {

/// Percent-encodes what is not an RFC 3986 unreserved character; `keep` are further ones to leave.
std::string percent_encode(std::string_view text, std::string_view keep = "");

/// "a=1&b=x%20y"
std::string query_string(const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace troupe::tools

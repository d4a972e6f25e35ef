#pragma once

#include "runtime/base/limits.h"
#include "runtime/base/result.h"

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace troupe {

/// Keeps the order in which keys were written: what users see stays in the order we chose.
using Json = nlohmann::ordered_json;

/// Parses text from outside: depth and size bounded, duplicate keys refused, no exceptions. The error
/// names the byte offset and the reason ("offset 17: duplicate key `a`"). Any thread.
Result<Json> parse_json(std::string_view text, std::size_t depth_max = limits::kJsonDepth,
                        std::size_t bytes_max = limits::kJsonBytes);

/// Compact text. Invalid UTF-8 becomes U+FFFD, never an exception. The value must not be deeper than
/// what parse_json lets in (dump recurses).
std::string dump(const Json& value);
std::string dump_pretty(const Json& value);

/// Appends `text` as a quoted JSON string, invalid UTF-8 replaced. For hot paths that write JSON by hand.
void append_quoted(std::string& out, std::string_view text);

/// Member access that never throws: nullptr when `value` is no object or has no such member.
const Json* find(const Json& value, std::string_view key);
/// The member as a string, or `fallback` when it is absent or something else.
std::string string_or(const Json& value, std::string_view key, std::string_view fallback = "");

}  // namespace troupe

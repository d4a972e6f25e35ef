#include "tools/mcp/param_headers.h"

#include "runtime/base/ascii.h"
#include "tools/mcp/bounds.h"
#include "tools/observation.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace troupe::tools::mcp {

namespace {

constexpr std::string_view kAnnotation = "x-mcp-header";
constexpr std::string_view kBegin = "=?base64?";
constexpr std::string_view kEnd = "?=";

std::string base64(std::string_view bytes) {
  static constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - at);
    unsigned three = 0;
    for (std::size_t i = 0; i < 3; ++i)
      three = three << 8 | (i < n ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) text += i <= n ? kLetters[three >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

bool token(std::string_view name) {  // RFC 9110, 5.6.2
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) !=
                                               std::string_view::npos);
  });
}

std::unexpected<Error> bad(std::string_view argument, std::string_view why) {
  return fail(ErrorCode::invalid, fmt::format("`{}` of `{}` {}", kAnnotation, beginning(argument, 64), why));
}

}  // namespace

std::string header_text(std::string_view value) {
  const bool plain = std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
  const bool padded = !value.empty() && (value.front() == ' ' || value.back() == ' ');
  const bool disguised = value.starts_with(kBegin) && value.ends_with(kEnd);
  if (plain && !padded && !disguised) return std::string(value);
  return std::string(kBegin) + base64(value) + std::string(kEnd);
}

Result<std::vector<ParamHeader>> param_headers(const Json& input_schema) {
  std::vector<ParamHeader> found;
  std::vector<std::string> seen;
  const Json* properties = find(input_schema, "properties");
  if (!properties || !properties->is_object()) return found;
  for (const auto& [argument, schema] : properties->items()) {
    const Json* name = find(schema, kAnnotation);
    if (!name) continue;
    if (!name->is_string() || !token(name->get<std::string>()))
      return bad(argument, "is no name of a header");
    const std::string type = string_or(schema, "type");
    if (type != "string" && type != "integer" && type != "boolean")
      return bad(argument, "stands at what is no text, integer or boolean");
    ParamHeader one{argument, name->get<std::string>()};
    if (std::ranges::find(seen, lower(one.header)) != seen.end()) return bad(argument, "is there twice");
    if (found.size() >= bounds::kParamHeaders)
      return bad(argument, fmt::format("is one of more than {}", bounds::kParamHeaders));
    seen.push_back(lower(one.header));
    found.push_back(std::move(one));
  }
  return found;
}

Result<std::vector<std::pair<std::string, std::string>>> header_values(const std::vector<ParamHeader>& params,
                                                                       const Json& arguments) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const ParamHeader& param : params) {
    const Json* value = find(arguments, param.argument);
    if (!value || value->is_null()) continue;
    std::string text = header_text(value->is_string() ? value->get<std::string>() : dump(*value));
    if (text.size() > bounds::kHeaderValue)
      return fail(ErrorCode::too_large, fmt::format("`{}` goes along as a header, for which it is too long; "
                                                    "write less than {} bytes",
                                                    param.argument, bounds::kHeaderValue * 3 / 4));
    headers.emplace_back("Mcp-Param-" + param.header, std::move(text));
  }
  return headers;
}

}  // namespace troupe::tools::mcp

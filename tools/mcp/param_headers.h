#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::tools::mcp {

/// An argument of a tool that goes along as the header `Mcp-Param-HEADER`, so that what stands between client
/// and server can see it (SEP-2243).
struct ParamHeader {
  std::string argument;
  std::string header;
};

/// The `x-mcp-header` annotations of a tool's input schema. Errors: invalid, for a name that is no header
/// name, one that is there twice, and an argument that is no text, integer or boolean: such a tool is not to
/// be used. Pure.
Result<std::vector<ParamHeader>> param_headers(const Json& input_schema);

/// The headers of one call, without arguments that are absent or null. Values that are too long for a header
/// are an error (too_large). Pure.
Result<std::vector<std::pair<std::string, std::string>>> header_values(const std::vector<ParamHeader>& params,
                                                                       const Json& arguments);

/// A value as a header may have it: as it is where it is printable ASCII without space around it, else
/// "=?base64?…?=". Pure.
std::string header_text(std::string_view value);

}  // namespace troupe::tools::mcp

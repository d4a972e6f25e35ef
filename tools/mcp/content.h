#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "tools/tool.h"

#include <string>
#include <string_view>

namespace troupe::tools::mcp {

/// The result of tools/call as an agent reads it: texts as they are, structured content where no text says
/// the same, and of pictures, sounds and other bytes their kind and size. `output_schema`: what
/// structuredContent is held against, "" for nothing; what does not fit ends in a line that says so. Errors:
/// tool, with that text, where the result says that it is one. Pure.
Result<ToolOutput> read_result(const Json& result, std::string_view output_schema);

/// The result of resources/read.
ToolOutput read_contents(const Json& result);
/// The result of prompts/get: its messages, each with its role in front.
ToolOutput read_prompt(const Json& result);
/// The items of resources/list and resources/templates/list, or of prompts/list, a line each; `wanted` in
/// lower case narrows them down to those that have it in name, address or description.
std::string list_resources(const Json& resources, const Json& templates, std::string_view wanted);
std::string list_prompts(const Json& prompts, std::string_view wanted);

}  // namespace troupe::tools::mcp

#pragma once

#include "models/message.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// The schema of a tool's arguments as compact JSON that cannot break a body: an object schema without
/// properties where there is none, or none that can be read.
std::string tool_schema(const ToolDeclaration& tool);

/// Tools in the form that OpenAI made common: [{"type":"function","function":{"name","description",
/// "parameters"}}].
std::string function_tools(const std::vector<ToolDeclaration>& tools);

/// A picture that is sent along as base64: the parts of a data: URL. Both are empty for any other URL.
struct InlineImage {
  std::string_view media_type;
  std::string_view base64;
};
InlineImage inline_image(const Image& image);

/// The arguments of a call as a JSON object, "{}" for what is none: for providers that do not take them as
/// text.
std::string arguments_object(const ToolCall& call);

/// Nothing but blanks, which some providers refuse as a text.
bool is_blank(std::string_view text);

}  // namespace troupe::models

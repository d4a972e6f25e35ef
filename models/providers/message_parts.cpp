#include "models/providers/message_parts.h"

namespace troupe::models {

std::string tool_schema(const ToolDeclaration& tool) {
  auto schema = parse_json(tool.schema);
  return schema && schema->is_object() ? dump(*schema) : R"({"type":"object"})";
}

std::string function_tools(const std::vector<ToolDeclaration>& tools) {
  std::string out = "[";
  for (const ToolDeclaration& tool : tools) {
    if (out.size() > 1) out += ',';
    out += R"({"type":"function","function":{"name":)";
    append_quoted(out, tool.name);
    out += R"(,"description":)";
    append_quoted(out, tool.description);
    out += R"(,"parameters":)";
    out += tool_schema(tool);
    out += "}}";
  }
  return out + ']';
}

InlineImage inline_image(const Image& image) {
  constexpr std::string_view kScheme = "data:", kBase64 = ";base64";
  std::string_view url = image.url;
  const std::size_t comma = url.find(',');
  if (!url.starts_with(kScheme) || comma == std::string_view::npos) return {};
  std::string_view head = url.substr(kScheme.size(), comma - kScheme.size());
  if (!head.ends_with(kBase64)) return {};
  head.remove_suffix(kBase64.size());
  return {head.substr(0, head.find(';')), url.substr(comma + 1)};
}

std::string arguments_object(const ToolCall& call) {
  auto arguments = parse_json(call.arguments);
  return arguments && arguments->is_object() ? dump(*arguments) : "{}";
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace troupe::models

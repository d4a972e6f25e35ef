#include "tools/mcp/protocol/elicitation.h"

namespace troupe::tools::mcp {

namespace {

bool filled(const Json& schema, const Json& content) {
  const Json* required = find(schema, "required");
  if (!required || !required->is_array()) return true;
  for (const Json& name : *required)
    if (name.is_string() && !content.contains(name.get<std::string>())) return false;
  return true;
}

}  // namespace

Json answer_with_defaults(const Json& params) {
  const Json declined = {{"action", "decline"}};
  const Json* schema = find(params, "requestedSchema");
  if (string_or(params, "mode", "form") != "form" || !schema) return declined;
  Json content = Json::object();
  if (const Json* fields = find(*schema, "properties"); fields && fields->is_object())
    for (const auto& [name, field] : fields->items())
      if (const Json* value = find(field, "default")) content[name] = *value;
  if (!filled(*schema, content)) return declined;
  return {{"action", "accept"}, {"content", content}};
}

}  // namespace troupe::tools::mcp

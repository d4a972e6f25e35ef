#include "tools/mcp/listing.h"

#include "tools/json_schema.h"
#include "tools/mcp/bounds.h"
#include "tools/observation.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace troupe::tools::mcp {

namespace {

std::string text_at(const Json& value, std::string_view key, std::size_t bytes_max) {
  return std::string(beginning(string_or(value, key), bytes_max));
}

bool hint(const Json& item, std::string_view key) {
  const Json* annotations = find(item, "annotations");
  const Json* value = annotations ? find(*annotations, key) : nullptr;
  return value && value->is_boolean() && value->get<bool>();
}

std::string described(const Json& item) {
  const std::string title = text_at(item, "title", bounds::kNameBytes);
  std::string description = text_at(item, "description", bounds::kDescriptionBytes);
  if (title.empty() || description.find(title) != std::string::npos) return description;
  return description.empty() ? title : title + ". " + description;
}

/// Whether a call of it is a task, which is asked for its result later.
bool only_as_task(const Json& item) {
  const Json* execution = find(item, "execution");
  return execution && string_or(*execution, "taskSupport") == "required";
}

/// What of a schema can always be held to: names, plain types and what must be there.
Json simpler(const Json& schema) {
  Json plain = {{"type", "object"}};
  const Json* properties = find(schema, "properties");
  if (!properties || !properties->is_object()) return plain;
  plain["properties"] = Json::object();
  for (const auto& [name, field] : properties->items()) {
    Json one = Json::object();
    const std::string type = string_or(field, "type");
    for (const char* known : {"string", "number", "integer", "boolean", "object", "array"})
      if (type == known) one["type"] = type;
    if (const std::string about = string_or(field, "description"); !about.empty())
      one["description"] = beginning(about, bounds::kDescriptionBytes);
    plain["properties"][name] = std::move(one);
  }
  Json required = Json::array();
  if (const Json* names = find(schema, "required"); names && names->is_array())
    for (const Json& name : *names)
      if (name.is_string() && plain["properties"].contains(name.get<std::string>())) required.push_back(name);
  if (!required.empty()) plain["required"] = std::move(required);
  return plain;
}

/// Annotations are for us, not for models or checks.
Json without_headers(Json schema) {
  if (schema.contains("properties") && schema["properties"].is_object())
    for (auto& field : schema["properties"])
      if (field.is_object()) field.erase("x-mcp-header");
  return schema;
}

std::string input_schema(const Json& item, const std::string& name, Listing& listing) {
  const Json* given = find(item, "inputSchema");
  if (!given || !given->is_object()) return R"({"type":"object"})";
  const Json schema = without_headers(*given);
  std::string text = dump(schema);
  if (text.size() > bounds::kSchemaBytes) {
    listing.remarks.push_back(
        fmt::format("`{}`: its schema has {} bytes; it is not shown", name, text.size()));
    return R"({"type":"object"})";
  }
  auto compiled = JsonSchema::parse(text);
  if (compiled) return text;
  listing.remarks.push_back(
      fmt::format("`{}`: its arguments are checked by the server alone: {}", name, compiled.error().message));
  std::string plain = dump(simpler(schema));
  return JsonSchema::parse(plain) ? plain : R"({"type":"object"})";
}

std::string output_schema(const Json& item, const std::string& name, Listing& listing) {
  const Json* given = find(item, "outputSchema");
  if (!given || !given->is_object()) return "";
  std::string text = dump(*given);
  if (text.size() > bounds::kSchemaBytes) return "";
  if (auto compiled = JsonSchema::parse(text)) return text;
  listing.remarks.push_back(
      fmt::format("`{}`: what it gives back is not checked, as its schema cannot be", name));
  return "";
}

}  // namespace

Listing read_listing(const Json& items, bool over_http) {
  Listing listing;
  std::set<std::string> names;
  for (const Json& item : items) {
    ListedTool tool;
    tool.name = string_or(item, "name");
    if (tool.name.empty() || tool.name.size() > bounds::kNameBytes) {
      listing.remarks.push_back("a tool without a usable name was left out");
      continue;
    }
    if (!names.insert(tool.name).second) {
      listing.remarks.push_back(fmt::format("`{}` is listed twice; the first counts", tool.name));
      continue;
    }
    if (only_as_task(item)) {
      listing.remarks.push_back(
          fmt::format("`{}` was left out: it can be called as a task only (`execution.taskSupport: "
                      "required`), and tasks are not spoken here",
                      tool.name));
      continue;
    }
    if (const Json* schema = find(item, "inputSchema"); over_http && schema) {
      auto headers = param_headers(*schema);
      if (!headers) {
        listing.remarks.push_back(fmt::format("`{}` was left out: {}", tool.name, headers.error().message));
        continue;
      }
      tool.headers = std::move(*headers);
    }
    tool.description = described(item);
    tool.schema = input_schema(item, tool.name, listing);
    tool.output = output_schema(item, tool.name, listing);
    tool.says_read_only = hint(item, "readOnlyHint");
    tool.says_idempotent = hint(item, "idempotentHint");
    listing.tools.push_back(std::move(tool));
  }
  return listing;
}

}  // namespace troupe::tools::mcp

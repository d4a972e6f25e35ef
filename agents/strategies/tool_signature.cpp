#include "agents/strategies/tool_signature.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using Text = std::optional<std::string>;
using Keys = std::initializer_list<std::string_view>;

Text type_text(const Json& schema);

// Says nothing about which values fit.
bool is_annotation(std::string_view key) {
  constexpr std::string_view kAnnotations[] = {"description", "title",    "default", "examples", "$schema",
                                               "$id",         "$comment", "example", "readOnly", "writeOnly",
                                               "deprecated",  "$anchor",  "id",      "nullable"};
  return std::ranges::find(kAnnotations, key) != std::end(kAnnotations);
}

bool only_has(const Json& schema, Keys keys) {
  return std::ranges::all_of(schema.items(), [&](const auto& member) {
    return is_annotation(member.key()) || std::ranges::find(keys, member.key()) != keys.end();
  });
}

std::string number(const Json& value) {
  return dump(value);
}

// " 1..20", " >= 1", " 0..", "" …
std::string range(const Json& schema, std::string_view least, std::string_view most) {
  const Json* low = find(schema, least);
  const Json* high = find(schema, most);
  if (low && high)
    return *low == *high ? " " + number(*low) : fmt::format(" {}..{}", number(*low), number(*high));
  if (low) return " >= " + number(*low);
  if (high) return " <= " + number(*high);
  return "";
}

Text number_text(const Json& schema, const std::string& type) {
  if (!only_has(schema, {"type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}))
    return std::nullopt;
  std::string text = type + range(schema, "minimum", "maximum");
  if (const Json* low = find(schema, "exclusiveMinimum")) text += " > " + number(*low);
  if (const Json* high = find(schema, "exclusiveMaximum")) text += " < " + number(*high);
  if (const Json* step = find(schema, "multipleOf")) text += " multiple of " + number(*step);
  return text;
}

Text string_text(const Json& schema) {
  if (!only_has(schema, {"type", "minLength", "maxLength", "pattern", "format"})) return std::nullopt;
  std::string text = "string";
  if (std::string format = string_or(schema, "format"); !format.empty()) text += " (" + format + ")";
  if (std::string length = range(schema, "minLength", "maxLength"); !length.empty() && length != " >= 1")
    text += length + " chars";
  if (std::string pattern = string_or(schema, "pattern"); !pattern.empty())
    text += " matching /" + pattern + "/";
  return text;
}

Text array_text(const Json& schema) {
  if (!only_has(schema, {"type", "items", "minItems", "maxItems", "uniqueItems"})) return std::nullopt;
  std::string text = "any";
  if (const Json* items = find(schema, "items")) {
    Text inner = type_text(*items);
    if (!inner) return std::nullopt;
    bool simple = inner->find(' ') == std::string::npos || inner->starts_with('{');
    text = simple ? *inner : "(" + *inner + ")";
  }
  text += "[]";
  if (std::string count = range(schema, "minItems", "maxItems"); !count.empty()) text += count + " items";
  if (const Json* unique = find(schema, "uniqueItems"); unique && *unique == true) text += " distinct";
  return text;
}

bool is_required(const Json& schema, const std::string& name) {
  const Json* required = find(schema, "required");
  return required && required->is_array() && std::ranges::find(*required, Json(name)) != required->end();
}

bool has_own_form(const Json& object) {
  return only_has(object, {"type", "properties", "required", "additionalProperties"});
}

std::string property_text(const std::string& name, const Json& schema, bool required) {
  std::string text = name + (required ? ": " : "?: ");
  Text type = type_text(schema);
  text += type ? *type : "JSON Schema " + dump(schema);
  if (const Json* fallback = find(schema, "default"); fallback && !fallback->is_null())
    text += " = " + dump(*fallback);
  return text;
}

std::string properties_text(const Json& object) {
  std::string text;
  auto add = [&text](const std::string& property) { text += (text.empty() ? "" : ", ") + property; };
  if (const Json* properties = find(object, "properties"); properties && properties->is_object())
    for (const auto& [name, schema] : properties->items())
      add(property_text(name, schema, is_required(object, name)));
  if (const Json* more = find(object, "additionalProperties"); more && more->is_object())
    add("[any other]: " + type_text(*more).value_or("JSON Schema " + dump(*more)));
  return text;
}

Text object_text(const Json& schema) {
  if (!has_own_form(schema)) return std::nullopt;
  std::string properties = properties_text(schema);
  return properties.empty() ? "object" : "{" + properties + "}";
}

Text alternatives_text(const Json& list) {
  if (!list.is_array() || list.empty()) return std::nullopt;
  std::string text;
  for (const Json& one : list) {
    Text inner = type_text(one);
    if (!inner) return std::nullopt;
    text += (text.empty() ? "" : " | ") + *inner;
  }
  return text;
}

std::string values_text(const Json& values) {
  std::string text;
  for (const Json& value : values) text += (text.empty() ? "" : " | ") + dump(value);
  return text;
}

Text named_type_text(const Json& schema, const std::string& type) {
  if (type == "string") return string_text(schema);
  if (type == "integer" || type == "number") return number_text(schema, type);
  if (type == "array") return array_text(schema);
  if (type == "object") return object_text(schema);
  if ((type == "boolean" || type == "null") && only_has(schema, {"type"})) return type;
  return std::nullopt;
}

// ["string", "null"]: each with the keywords that are left.
Text type_list_text(const Json& schema, const Json& types) {
  Json one = schema;
  std::string text;
  for (const Json& type : types) {
    if (!type.is_string()) return std::nullopt;
    one["type"] = type;
    Text inner = type == "null" ? Text("null") : named_type_text(one, type.get<std::string>());
    if (!inner) return std::nullopt;
    text += (text.empty() ? "" : " | ") + *inner;
  }
  return text;
}

Text type_text(const Json& schema) {
  if (schema.is_boolean()) return schema.get<bool>() ? Text("any") : std::nullopt;
  if (!schema.is_object()) return std::nullopt;
  if (const Json* values = find(schema, "enum"))
    return only_has(schema, {"type", "enum"}) && values->is_array() ? Text(values_text(*values))
                                                                    : std::nullopt;
  if (const Json* value = find(schema, "const"))
    return only_has(schema, {"type", "const"}) ? Text(dump(*value)) : std::nullopt;
  for (std::string_view key : {"anyOf", "oneOf"})
    if (const Json* list = find(schema, key))
      return only_has(schema, {key}) ? alternatives_text(*list) : std::nullopt;
  const Json* type = find(schema, "type");
  if (!type) {
    if (find(schema, "properties")) return object_text(schema);
    return only_has(schema, {}) ? Text("any") : std::nullopt;
  }
  if (type->is_array()) return type_list_text(schema, *type);
  return type->is_string() ? named_type_text(schema, type->get<std::string>()) : std::nullopt;
}

std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace(line, '\n', ' ');
  return line;
}

void add_details(std::string& details, const Json& object, const std::string& path, int depth) {
  const Json* properties = find(object, "properties");
  if (!properties || !properties->is_object() || depth == 0) return;
  for (const auto& [name, schema] : properties->items()) {
    std::string full = path.empty() ? name : path + "." + name;
    if (std::string about = string_or(schema, "description"); !about.empty())
      details += fmt::format("\n    {}: {}", full, one_line(about));
    if (const Json* items = find(schema, "items")) add_details(details, *items, full + "[]", depth - 1);
    add_details(details, schema, full, depth - 1);
  }
}

constexpr int kDetailDepth = 4;

}  // namespace

std::string tool_signature(const models::ToolDeclaration& tool) {
  auto schema = parse_json(tool.schema);
  if (!schema) return tool.name + "()";
  bool own_form = schema->is_object() && has_own_form(*schema);
  if (own_form) return fmt::format("{}({})", tool.name, properties_text(*schema));
  return fmt::format("{}(JSON Schema {})", tool.name, dump(*schema));
}

std::string argument_details(const models::ToolDeclaration& tool) {
  std::string details;
  auto schema = parse_json(tool.schema);
  if (schema && schema->is_object() && has_own_form(*schema)) add_details(details, *schema, "", kDetailDepth);
  return details;
}

Json tool_values(const std::vector<models::ToolDeclaration>& tools) {
  if (tools.empty()) return nullptr;
  Json list = Json::array();
  for (const models::ToolDeclaration& tool : tools) {
    auto schema = parse_json(tool.schema);
    list.push_back({{"name", tool.name},
                    {"description", tool.description},
                    {"signature", tool_signature(tool)},
                    {"details", argument_details(tool)},
                    {"schema", schema ? dump(*schema) : tool.schema}});
  }
  return {{"list", std::move(list)}};
}

}  // namespace troupe::agents

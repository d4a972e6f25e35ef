#include "plugins/check/sample_input.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace troupe::plugins {

namespace {

constexpr int kDepthMost = 16;  // of schemas within schemas
constexpr double kNumberMost = 1e15;
constexpr int kValuesMost = 1'000;      // in one sample
constexpr std::size_t kItemsMost = 64;  // that a list gets because its schema wants so many

const Json* first_of(const Json& schema, std::string_view list) {
  const Json* values = find(schema, list);
  return values && values->is_array() && !values->empty() ? &values->front() : nullptr;
}

std::size_t at_least(const Json& schema, std::string_view key) {
  const Json* value = find(schema, key);
  return value && value->is_number_unsigned() ? std::min<std::size_t>(value->get<std::size_t>(), kItemsMost)
                                              : 0;
}

std::string type_of(const Json& schema) {
  const Json* type = find(schema, "type");
  if (type && type->is_string()) return type->get<std::string>();
  if (type && type->is_array() && !type->empty() && type->front().is_string())
    return type->front().get<std::string>();
  return find(schema, "properties") ? "object" : "string";
}

std::string sample_text(const Json& schema) {
  const std::string format = string_or(schema, "format");
  if (format == "date") return "2026-01-31";
  if (format == "date-time") return "2026-01-31T12:00:00Z";
  if (format == "uri") return "https://example.org/";
  if (format == "email") return "someone@example.org";
  std::string text = "example";
  text.resize(std::max(text.size(), at_least(schema, "minLength")), 'x');
  const Json* most = find(schema, "maxLength");
  if (most && most->is_number_unsigned())
    text.resize(std::min<std::size_t>(text.size(), most->get<std::size_t>()));
  return text;
}

Json sample_number(const Json& schema, bool whole) {
  const Json* least = find(schema, "minimum");
  const Json* above = find(schema, "exclusiveMinimum");
  const Json* most = find(schema, "maximum");
  double value = 1;
  if (least && least->is_number()) value = std::max(value, least->get<double>());
  if (above && above->is_number()) value = std::max(value, above->get<double>() + 1);
  if (most && most->is_number()) value = std::min(value, most->get<double>());
  value = std::clamp(value, -kNumberMost, kNumberMost);
  return whole ? Json(static_cast<std::int64_t>(value)) : Json(value);
}

Json sample(const Json& schema, int depth, int& left) {
  if (depth > kDepthMost || --left < 0 || !schema.is_object()) return nullptr;
  for (const char* key : {"const", "default"})
    if (const Json* value = find(schema, key)) return *value;
  for (const char* key : {"examples", "enum"})
    if (const Json* value = first_of(schema, key)) return *value;
  for (const char* key : {"anyOf", "oneOf", "allOf"})
    if (const Json* one = first_of(schema, key)) return sample(*one, depth + 1, left);
  const std::string type = type_of(schema);
  if (type == "boolean") return true;
  if (type == "integer" || type == "number") return sample_number(schema, type == "integer");
  if (type == "null") return nullptr;
  if (type == "array") {
    Json list = Json::array();
    const Json* items = find(schema, "items");
    for (std::size_t i = at_least(schema, "minItems"); i > 0; --i)
      list.push_back(items ? sample(*items, depth + 1, left) : Json("example"));
    return list;
  }
  if (type != "object") return sample_text(schema);
  Json object = Json::object();
  const Json* required = find(schema, "required");
  const Json* properties = find(schema, "properties");
  if (required && required->is_array())
    for (const Json& name : *required)
      if (name.is_string()) {
        const Json* property = properties ? find(*properties, name.get<std::string>()) : nullptr;
        object[name.get<std::string>()] = property ? sample(*property, depth + 1, left) : Json("example");
      }
  return object;
}

}  // namespace

Json sample_input(const Json& schema) {
  int left = kValuesMost;
  return schema.is_null() ? Json::object() : sample(schema, 0, left);
}

}  // namespace troupe::plugins

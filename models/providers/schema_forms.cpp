#include "models/providers/schema_forms.h"

#include "models/providers/complaint.h"
#include "runtime/base/ascii.h"

#include <algorithm>
#include <array>

namespace troupe::models {

namespace {

// OpenAI's bounds of a strict schema.
constexpr int kLevelsMax = 10;
constexpr std::size_t kMembersMax = 5'000;
constexpr std::size_t kStrictBytesMax = 120'000;

/// Rewrites a schema, or gives up.
class Strict {
 public:
  std::optional<Json> root(const Json& schema) {
    if (string_or(schema, "type") != "object") return std::nullopt;
    Json out = any(schema, 1);
    if (!possible_ || members_ > kMembersMax || dump(out).size() > kStrictBytesMax) return std::nullopt;
    return out;
  }

 private:
  Json any(const Json& schema, int level) {
    if (!schema.is_object() || schema.empty() || level > kLevelsMax) return give_up();
    if (const Json* choice = find(schema, "anyOf"); choice && choice->is_array()) {
      Json out = {{"anyOf", Json::array()}};
      for (const Json& each : *choice) out["anyOf"].push_back(any(each, level));
      return out;
    }
    const std::string type = string_or(schema, "type");
    if (type == "object") return object(schema, level);
    if (type != "array") return schema;
    const Json* items = find(schema, "items");
    if (!items) return give_up();
    return {{"type", "array"}, {"items", any(*items, level + 1)}};
  }

  Json object(const Json& schema, int level) {
    const Json* others = find(schema, "additionalProperties");
    const Json* properties = find(schema, "properties");
    const bool closed = others && others->is_boolean() && !others->get<bool>();
    if (!closed || !properties || !properties->is_object()) return give_up();
    const Json* required = find(schema, "required");
    Json out = {{"type", "object"}, {"properties", Json::object()}, {"required", Json::array()}};
    for (const auto& [name, property] : properties->items()) {
      ++members_;
      Json member = any(property, level + 1);
      const bool needed =
          required && required->is_array() && std::ranges::find(*required, Json(name)) != required->end();
      if (!needed) member = {{"anyOf", Json::array({std::move(member), Json{{"type", "null"}}})}};
      out["properties"][name] = std::move(member);
      out["required"].push_back(name);
    }
    out["additionalProperties"] = false;
    return out;
  }

  Json give_up() {
    possible_ = false;
    return Json::object();
  }

  bool possible_ = true;
  std::size_t members_ = 0;
};

// What the server says itself; `input` and the like repeat what it was sent.
void collect(const Json& value, std::string& said, int depth) {
  if (depth > 8 || said.size() > 16'384) return;
  if (value.is_string()) {
    said += value.get_ref<const std::string&>() + '\n';
  } else if (value.is_structured()) {
    for (const auto& [key, member] : value.items())
      if (key != "input" && key != "request" && key != "body" && key != "messages")
        collect(member, said, depth + 1);
  }
}

constexpr auto kSchemaWords = std::to_array<std::string_view>(
    {"response_format",    "response format",    "responseformat",       "json_schema",
     "json schema",        "jsonschema",         "response_schema",      "responseschema",
     "response schema",    "response_mime_type", "responsemimetype",     "response mime type",
     "json mode",          "structured output",  "structured_output",    "grammar",
     "guided decoding",    "guided_json",        "constrained decoding", "controlled generation",
     "chatrequest.format", "invalid format",     "too many states"});

}  // namespace

std::optional<Json> strict_schema(const Json& schema) {
  return Strict().root(schema);
}

std::string json_schema_format(const ModelRequest& request, bool openai_rules) {
  const bool alone = openai_rules && !request.object_schema.empty();
  auto schema = parse_json(alone ? request.object_schema : request.schema);
  if (!schema || !schema->is_object()) return "";
  std::optional<Json> strict;
  if (openai_rules) strict = strict_schema(*schema);
  const bool held = !openai_rules || strict.has_value();
  const Json format = {
      {"type", "json_schema"},
      {"json_schema",
       {{"name", "reply"}, {"schema", strict ? std::move(*strict) : std::move(*schema)}, {"strict", held}}}};
  return dump(format);
}

bool refuses_schema(int status, std::string_view body) {
  if (status != 400 && status != 422 && status != 500 && status != 501) return false;
  std::string said;
  if (auto parsed = parse_json(body); parsed && parsed->is_structured())
    collect(*parsed, said, 0);
  else
    said = body;
  said = lower(said);
  return std::ranges::any_of(kSchemaWords,
                             [&](std::string_view word) { return said.find(word) != std::string::npos; });
}

const std::string& SchemaRenderings::of(const ModelRequest& request,
                                        const std::function<std::string(const ModelRequest&)>& render) {
  const std::string& text = request.schema;
  auto known = std::ranges::find_if(kept_, [&](const auto& kept) { return kept.first == text; });
  if (known == kept_.end()) {
    if (kept_.size() >= kKept) kept_.pop_back();
    kept_.emplace(kept_.begin(), text, render(request));
  } else {
    std::rotate(kept_.begin(), known, known + 1);
  }
  return kept_.front().second;
}

}  // namespace troupe::models

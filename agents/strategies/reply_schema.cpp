#include "agents/strategies/reply_schema.h"

#include "agents/limits.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace troupe::agents {

namespace {

using Declarations = std::vector<models::ToolDeclaration>;

const Json kText = {{"type", "string"}};
const Json kNull = {{"type", "null"}};

Json closed_object(std::initializer_list<std::pair<std::string_view, Json>> members) {
  Json object = {{"type", "object"}, {"properties", Json::object()}, {"required", Json::array()}};
  for (const auto& [name, schema] : members) {
    object["properties"][std::string(name)] = schema;
    object["required"].push_back(name);
  }
  object["additionalProperties"] = false;
  return object;
}

Json choice_of(Json alternatives) {
  return alternatives.size() == 1 ? std::move(alternatives.front())
                                  : Json{{"anyOf", std::move(alternatives)}};
}

Json one_word(std::string_view word) {
  return {{"type", "string"}, {"enum", Json::array({word})}};
}

Json list_of(Json items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

Json or_null(Json schema) {
  return {{"anyOf", Json::array({std::move(schema), kNull})}};
}

bool is_type(const Json& schema, std::string_view type) {
  return string_or(schema, "type") == type;
}

Json object_outline(const Json& schema, const Json& properties) {
  Json object = {{"type", "object"}, {"properties", Json::object()}, {"required", Json::array()}};
  for (const auto& [name, property] : properties.items())
    object["properties"][name] = schema_outline(property);
  if (const Json* required = find(schema, "required"); required && required->is_array())
    for (const Json& name : *required)
      if (name.is_string() && properties.contains(name.get_ref<const std::string&>()))
        object["required"].push_back(name);
  const Json* others = find(schema, "additionalProperties");
  const bool open = others && !(others->is_boolean() && !others->get<bool>());
  object["additionalProperties"] = open;
  return object;
}

Json input_outline(const models::ToolDeclaration& tool) {
  auto schema = parse_json(tool.schema);
  Json outline = schema ? schema_outline(*schema) : Json::object();
  return is_type(outline, "object") ? outline : Json{{"type", "object"}};
}

// {"tool": NAME, "input": {…}}, of each tool.
Json calls_of(const Declarations& tools) {
  Json calls = Json::array();
  for (const models::ToolDeclaration& tool : tools)
    calls.push_back(closed_object({{"tool", one_word(tool.name)}, {"input", input_outline(tool)}}));
  return list_of(choice_of(std::move(calls)));
}

Json alternatives(const ReplyForm& form, const Declarations& tools, const Json& answer) {
  Json steps = Json::array();
  if (form.plan) steps.push_back(closed_object({{"thought", kText}, {"plan", list_of(kText)}}));
  if (form.calls && !tools.empty()) {
    for (const models::ToolDeclaration& tool : tools)
      steps.push_back(closed_object(
          {{"thought", kText}, {"action", one_word(tool.name)}, {"action_input", input_outline(tool)}}));
    steps.push_back(closed_object({{"thought", kText}, {"actions", calls_of(tools)}}));
  }
  steps.push_back(closed_object({{"thought", kText}, {"final_answer", answer}}));
  return choice_of(std::move(steps));
}

// Calls stand in `actions` only, where each tool's name is beside its input: what a single object cannot say
// of `action` and `action_input`.
Json one_object(const ReplyForm& form, const Declarations& tools, const Json& answer) {
  const bool calls = form.calls && !tools.empty();
  if (!calls && !form.plan) return closed_object({{"thought", kText}, {"final_answer", answer}});
  Json step = closed_object({{"thought", kText}});
  const auto add = [&step](const char* name, Json schema) {
    step["properties"][name] = or_null(std::move(schema));
    step["required"].push_back(name);
  };
  if (form.plan) add("plan", list_of(kText));
  if (calls) add("actions", calls_of(tools));
  add("final_answer", answer);
  return step;
}

}  // namespace

Json schema_outline(const Json& schema) {
  if (!schema.is_object()) return Json::object();
  for (std::string_view beyond : {"$ref", "$dynamicRef", "allOf", "not", "if", "patternProperties",
                                  "propertyNames", "dependentSchemas", "dependencies", "prefixItems"})
    if (find(schema, beyond)) return Json::object();
  if (const Json* value = find(schema, "const")) return {{"enum", Json::array({*value})}};
  const Json* type = find(schema, "type");
  Json outline = Json::object();
  if (const Json* words = find(schema, "enum"); words && words->is_array() && !words->empty()) {
    if (type) outline["type"] = *type;
    outline["enum"] = *words;
    return outline;
  }
  if (const Json* properties = find(schema, "properties");
      properties && properties->is_object() && !properties->empty() && (!type || *type == "object"))
    return object_outline(schema, *properties);
  for (std::string_view choice : {"anyOf", "oneOf"})
    if (const Json* list = find(schema, choice); list && list->is_array() && !list->empty()) {
      for (const Json& each : *list) outline["anyOf"].push_back(schema_outline(each));
      return outline;
    }
  if (!type) return outline;
  outline["type"] = *type;
  if (const Json* others = find(schema, "additionalProperties"); others && *type == "object")
    outline["additionalProperties"] =
        others->is_object() ? schema_outline(*others) : Json(!others->is_boolean() || others->get<bool>());
  if (const Json* items = find(schema, "items"); items && *type == "array")
    outline["items"] = schema_outline(*items);
  return outline;
}

ReplySchema reply_schema(const ReplyForm& form, const std::vector<models::ToolDeclaration>& tools,
                         const Json& output) {
  const bool any_text = output.is_null() || !form.output;
  const Json answer = any_text ? kText : schema_outline(output);
  ReplySchema made;
  if (form.answer) {
    // A list or a text alone is what providers do not take.
    if (any_text || !is_type(answer, "object")) return {};
    made.schema = made.object = dump(answer);
  } else {
    made = {dump(alternatives(form, tools, answer)), dump(one_object(form, tools, answer))};
  }
  if (std::max(made.schema.size(), made.object.size()) > limits::kReplySchemaBytes) return {};
  return made;
}

const ReplySchema& ReplySchemas::of(const ReplyForm& form, const std::shared_ptr<const Declarations>& tools) {
  auto known =
      std::ranges::find_if(made_, [&](const Made& made) { return made.form == form && made.tools == tools; });
  if (known == made_.end()) {
    made_.push_back({form, tools, reply_schema(form, *tools, output_)});
    known = std::prev(made_.end());
  }
  return known->schema;
}

}  // namespace troupe::agents

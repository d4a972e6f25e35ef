#include "agents/strategies/text_tool.h"

#include "runtime/base/ascii.h"

#include <algorithm>

namespace troupe::agents {

namespace {

constexpr std::string_view kQuestionArguments[] = {"query",  "q",           "question", "search_query",
                                                   "search", "search_term", "keywords", "term",
                                                   "topic",  "entity",      "title"};
constexpr std::string_view kSearchOperations[] = {"find", "search", "query", "retrieve", "summary"};

Json schema_of(const models::ToolDeclaration& tool) {
  auto schema = parse_json(tool.schema);
  return schema && schema->is_object() ? std::move(*schema) : Json::object();
}

const Json* properties_of(const Json& schema) {
  const Json* properties = find(schema, "properties");
  return properties && properties->is_object() ? properties : nullptr;
}

bool is_required(const Json& schema, const std::string& name) {
  const Json* required = find(schema, "required");
  return required && required->is_array() && std::ranges::find(*required, Json(name)) != required->end();
}

bool is_text(const Json& property) {
  return string_or(property, "type") == "string" && !find(property, "enum");
}

bool allows(const Json& property, std::string_view value) {
  const Json* values = find(property, "enum");
  return values && values->is_array() && std::ranges::find(*values, Json(value)) != values->end();
}

std::string question_argument(const Json& schema) {
  const Json* properties = properties_of(schema);
  if (!properties) return "";
  for (std::string_view name : kQuestionArguments)
    if (const Json* property = find(*properties, name); property && is_text(*property))
      return std::string(name);
  return "";
}

// The one argument that must be given, when it is a text.
std::string only_text_argument(const Json& schema) {
  const Json* properties = properties_of(schema);
  std::string only;
  if (properties)
    for (const auto& [name, property] : properties->items()) {
      if (!is_required(schema, name) && properties->size() > 1) continue;
      if (!only.empty() || !is_text(property)) return "";
      only = name;
    }
  return only;
}

// What else must be given, so that the text alone makes a call; nothing when that cannot be known.
std::optional<Json> other_arguments(const Json& schema, const std::string& argument) {
  Json fixed = Json::object();
  const Json* properties = properties_of(schema);
  for (const auto& [name, property] : properties->items()) {
    if (name == argument || !is_required(schema, name)) continue;
    auto operation =
        std::ranges::find_if(kSearchOperations, [&p = property](auto value) { return allows(p, value); });
    if (const Json* fallback = find(property, "default"))
      fixed[name] = *fallback;
    else if (operation != std::end(kSearchOperations))
      fixed[name] = std::string(*operation);
    else
      return std::nullopt;
  }
  return fixed;
}

std::optional<TextTool> as_search(const models::ToolDeclaration& tool, const std::string& argument) {
  if (argument.empty()) return std::nullopt;
  auto fixed = other_arguments(schema_of(tool), argument);
  if (!fixed) return std::nullopt;
  return TextTool{tool.name, argument, std::move(*fixed)};
}

bool contains_word(std::string_view name, std::string_view word) {
  return lower(name).contains(word);
}

}  // namespace

Json TextTool::input(const Json& written) const {
  Json input = written.is_object() ? written : Json::object();
  if (!written.is_object()) input[argument] = written.is_string() ? written : Json(dump(written));
  for (const auto& [key, value] : fixed.items())
    if (!input.contains(key)) input[key] = value;
  return input;
}

std::optional<TextTool> search_tool(const std::vector<models::ToolDeclaration>& tools) {
  for (const models::ToolDeclaration& tool : tools)
    if (auto found = as_search(tool, question_argument(schema_of(tool)));
        found && !contains_word(tool.name, "lookup"))
      return found;
  // A knowledge base may be called `lookup`, and be all there is to search in.
  for (const models::ToolDeclaration& tool : tools)
    if (auto found = as_search(tool, question_argument(schema_of(tool)))) return found;
  if (tools.size() != 1) return std::nullopt;
  return as_search(tools[0], only_text_argument(schema_of(tools[0])));
}

std::optional<TextTool> lookup_tool(const std::vector<models::ToolDeclaration>& tools) {
  for (const models::ToolDeclaration& tool : tools) {
    Json schema = schema_of(tool);
    std::string argument = question_argument(schema);
    const Json* properties = properties_of(schema);
    if (argument.empty() || !properties) continue;
    for (const auto& [name, property] : properties->items())
      if (allows(property, "lookup")) return TextTool{tool.name, argument, {{name, "lookup"}}};
  }
  auto search = search_tool(tools);
  for (const models::ToolDeclaration& tool : tools) {
    if (!contains_word(tool.name, "lookup") || (search && tool.name == search->name)) continue;
    Json schema = schema_of(tool);
    std::string argument = question_argument(schema);
    if (argument.empty()) argument = only_text_argument(schema);
    if (auto found = as_search(tool, argument)) return found;
  }
  return std::nullopt;
}

std::string tool_names(const std::vector<models::ToolDeclaration>& tools) {
  std::string names;
  for (const models::ToolDeclaration& tool : tools) names += (names.empty() ? "" : ", ") + tool.name;
  return names.empty() ? "none" : names;
}

}  // namespace troupe::agents

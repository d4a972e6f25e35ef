#include "models/builtin/offer.h"

#include "models/builtin/utf8.h"
#include "models/builtin/words.h"

#include <algorithm>
#include <array>

namespace troupe::models::builtin {

namespace {

using Names = std::initializer_list<std::string_view>;

// Whole words of a description, or parts of a name such as "web_search".
std::vector<std::string> name_parts(std::string_view name) {
  std::vector<std::string> parts(1);
  char before = 0;
  for (char c : name) {
    bool camel = c >= 'A' && c <= 'Z' && before >= 'a' && before <= 'z';
    if (camel) parts.emplace_back();
    if (is_letter(c) || (static_cast<unsigned char>(c) & 0x80))
      parts.back() += lower(std::string_view(&c, 1));
    else if (!parts.back().empty())
      parts.emplace_back();
    before = c;
  }
  return parts;
}

bool has_part(const std::vector<std::string>& parts, Names wanted) {
  return std::ranges::any_of(wanted,
                             [&](std::string_view w) { return std::ranges::find(parts, w) != parts.end(); });
}

std::vector<std::string> choices_of(const Json& schema) {
  std::vector<std::string> choices;
  auto add = [&](const Json& value) {
    if (value.is_string()) choices.push_back(value.get<std::string>());
  };
  if (const Json* list = find(schema, "enum"); list && list->is_array())
    for (const Json& value : *list) add(value);
  if (const Json* value = find(schema, "const")) add(*value);
  for (std::string_view key : {"oneOf", "anyOf"})
    if (const Json* list = find(schema, key); list && list->is_array())
      for (const Json& one : *list)
        if (const Json* value = find(one, "const")) add(*value);
  return choices;
}

std::string choice_like(const std::vector<std::string>& choices, Names wanted) {
  for (std::string_view w : wanted)
    for (const std::string& choice : choices)
      if (lower(choice) == w) return choice;
  return {};
}

// Some value that the schema of a required argument allows, when nothing better is known.
Json any_value(const Json& schema, const std::vector<std::string>& choices, std::string_view text) {
  if (const Json* fallback = find(schema, "default")) return *fallback;
  if (!choices.empty()) return choices.front();
  std::string type = string_or(schema, "type", "string");
  if (type == "boolean") return false;
  if (type == "array") return Json::array({std::string(text)});
  if (type == "object") return Json::object();
  if (type != "integer" && type != "number") return std::string(text);
  const Json* minimum = find(schema, "minimum");
  return minimum && minimum->is_number() ? *minimum : Json(1);
}

}  // namespace

OfferedTool::OfferedTool(const ToolDeclaration& declaration) : name_(declaration.name) {
  auto schema = parse_json(declaration.schema);
  if (schema) read_properties(*schema);
  read_ability(declaration);
}

const OfferedTool::Property* OfferedTool::property(std::string_view name) const {
  auto it = std::ranges::find(properties_, name, &Property::name);
  return it == properties_.end() ? nullptr : &*it;
}

void OfferedTool::read_properties(const Json& schema) {
  const Json* properties = find(schema, "properties");
  if (!properties || !properties->is_object()) return;
  for (auto& [name, value] : properties->items()) {
    Property p{.name = name, .schema = value, .choices = choices_of(value)};
    const Json* type = find(value, "type");
    p.text =
        p.choices.empty() && (!type || *type == "string" ||
                              (type->is_array() && std::ranges::find(*type, Json("string")) != type->end()));
    if (const Json* required = find(schema, "required"); required && required->is_array())
      p.required = std::ranges::find(*required, Json(name)) != required->end();
    properties_.push_back(std::move(p));
  }
  for (const Property& p : properties_) {
    if (!has_part(name_parts(p.name),
                  {"action", "operation", "op", "mode", "command", "function", "method", "task", "do"}))
      continue;
    std::string search = choice_like(p.choices, {"find", "search", "query", "lookup", "retrieve"});
    if (search.empty()) continue;
    operation_argument_ = p.name;
    search_operation_ = search;
    page_operation_ =
        choice_like(p.choices, {"summary", "page", "read", "get", "open", "article", "content", "load"});
    break;
  }
}

// The argument that takes a text: by its name, the required ones first; else the only text there is.
std::string OfferedTool::text_argument(Names preferred) const {
  for (bool required : {true, false})
    for (std::string_view name : preferred)
      if (const Property* p = property(name); p && p->text && p->required == required) return p->name;
  std::string only;
  for (const Property& p : properties_) {
    if (!p.text || (!p.required && properties_.size() > 1)) continue;
    if (!only.empty()) return {};
    only = p.name;
  }
  return only;
}

void OfferedTool::read_ability(const ToolDeclaration& declaration) {
  std::vector<std::string> parts = name_parts(declaration.name);
  std::string about = lower(declaration.description);
  std::vector<std::string> about_parts = name_parts(about);
  bool changes_things = has_part(
      parts, {"send", "delete", "create", "update", "write", "post",     "execute", "run", "sql",   "email",
              "mail", "remove", "order",  "buy",    "pay",   "delegate", "handoff", "ask", "board", "image"});

  const Property* question = property("question");
  asks_person_ = question && question->text &&
                 (has_part(parts, {"human", "person", "operator", "approve", "approval", "confirm"}) ||
                  contains_any(about, {"a person", "a human"}));

  expression_argument_ = text_argument(
      {"expression", "expr", "formula", "calculation", "equation", "math", "input", "query", "q"});
  bool names_calculator =
      has_part(parts, {"calculator", "calc", "calculate", "math", "arithmetic", "compute", "evaluate"}) ||
      contains_any(declaration.name, {"계산"});
  bool describes_calculator =
      contains_any(about, {"arithmetic", "calculat", "mathematical expression", "math expression", "계산"});
  if (!expression_argument_.empty() && !changes_things &&
      (names_calculator ||
       (describes_calculator && (property("expression") || property("expr") || property("formula"))))) {
    ability_ = Ability::calculate;
    return;
  }

  bool needs_input = std::ranges::any_of(properties_, [](const Property& p) {
    return p.required && p.choices.empty() && !find(p.schema, "default");
  });
  bool names_clock = has_part(parts, {"clock", "time", "date", "now", "datetime", "today"}) ||
                     contains_any(declaration.name, {"시계", "시간"});
  bool describes_clock = contains_any(about, {"current date", "current time", "date and time",
                                              "time and date", "today's date", "현재 시각", "현재 시간"});
  for (std::string_view name : {"timezone", "time_zone", "tz", "zone"})
    if (const Property* p = property(name); p && p->text) zone_argument_ = p->name;
  bool only_zone_needed = !needs_input || (!zone_argument_.empty() &&
                                           std::ranges::count(properties_, true, &Property::required) == 1);
  if ((names_clock || describes_clock) && only_zone_needed && !changes_things) {
    ability_ = Ability::clock;
    return;
  }

  query_argument_ = text_argument({"query", "q", "question", "search", "search_query", "search_term", "term",
                                   "keywords", "text", "input", "topic", "title", "entity", "subject"});
  page_argument_ = text_argument({"title", "page", "name", "article", "entity", "query", "q", "input"});
  if (query_argument_.empty() || changes_things) return;
  if (has_part(parts,
               {"retriever", "retrieve", "knowledge", "handbook", "docs", "documents", "rag", "kb", "faq"}) ||
      contains_any(about, {"knowledge base", "retriev", "passages", "handbook", "own documents",
                           "indexed documents", "지식", "문서에서"})) {
    ability_ = Ability::retrieve;
  } else if (contains_any(declaration.name, {"wiki", "Wiki", "위키"}) ||
             has_part(parts, {"encyclopedia", "docstore"}) ||
             contains_any(about, {"wikipedia", "encyclop", "위키", "백과"})) {
    ability_ = Ability::encyclopedia;
  } else if (has_part(parts, {"search", "tavily", "web", "google", "bing", "duckduckgo", "news", "browse",
                              "lookup", "find"}) ||
             has_part(about_parts, {"search", "searches", "look", "looks", "find", "finds", "lookup"}) ||
             contains_any(about, {"검색", "찾아", "조회"})) {
    ability_ = Ability::web;
  }
}

Json OfferedTool::filled(std::string_view argument, std::string_view value,
                         std::string_view operation) const {
  Json input = Json::object();
  for (const Property& p : properties_) {
    if (p.name == argument) {
      input[p.name] = std::string(value);
    } else if (p.name == operation_argument_) {
      if (!operation.empty()) input[p.name] = std::string(operation);
    } else if (p.required) {
      input[p.name] = any_value(p.schema, p.choices, value);
    }
  }
  return input;
}

Json OfferedTool::search_input(std::string_view query) const {
  return filled(query_argument_, query, search_operation_);
}
Json OfferedTool::page_input(std::string_view title) const {
  return filled(page_argument_, title, page_operation_);
}
Json OfferedTool::expression_input(std::string_view expression) const {
  return filled(expression_argument_, expression, "");
}
Json OfferedTool::clock_input(std::string_view zone) const {
  const Property* p = property(zone_argument_);
  if (zone.empty() && p && p->required && !find(p->schema, "default")) zone = "UTC";
  return filled(zone.empty() ? std::string_view() : std::string_view(zone_argument_), zone, "");
}

Json OfferedTool::question_input(std::string_view question) const {
  return filled("question", question, "");
}

Offer::Offer(const std::vector<ToolDeclaration>& declarations) {
  for (const ToolDeclaration& declaration : declarations) {
    tools_.emplace_back(declaration);
    if (auto reaching = read_colleague_tool(declaration)) reaching_.push_back(std::move(*reaching));
  }
}

const OfferedTool* Offer::person() const {
  auto it = std::ranges::find(tools_, true, &OfferedTool::asks_person);
  return it == tools_.end() ? nullptr : &*it;
}

const ColleagueTool* Offer::reaching(std::string_view name) const {
  auto it = std::ranges::find(reaching_, name, &ColleagueTool::name);
  return it == reaching_.end() ? nullptr : &*it;
}

const OfferedTool* Offer::first(Ability ability) const {
  auto it = std::ranges::find(tools_, ability, &OfferedTool::ability);
  return it == tools_.end() ? nullptr : &*it;
}

std::vector<const OfferedTool*> Offer::lookups(Ability preferred) const {
  std::vector<const OfferedTool*> found;
  auto add = [&](Ability ability) {
    for (const OfferedTool& tool : tools_)
      if (tool.ability() == ability && std::ranges::find(found, &tool) == found.end()) found.push_back(&tool);
  };
  if (preferred != Ability::none) add(preferred);
  for (Ability ability : {Ability::retrieve, Ability::encyclopedia, Ability::web}) add(ability);
  return found;
}

}  // namespace troupe::models::builtin

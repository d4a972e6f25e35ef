#include "tools/builtin/openapi/document.h"

#include "runtime/config/scalar.h"
#include "runtime/config/yaml.h"
#include "tools/json_pointer.h"
#include "tools/schema/pattern.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace troupe::tools::openapi {

namespace {

constexpr int kReferencesMax = 32;  // from one to the next
constexpr int kSchemaDepth = 12;

// YAML's core schema (1.2.2, 10.3), as far as documents use it.
Json scalar_of(const config::Node& node) {
  if (node.quoted) return node.text;
  const config::Scalar scalar{.text = node.text, .source = node.text};
  if (auto value = config::parse_bool(scalar)) return *value;
  for (const char* yes : {"True", "TRUE"})
    if (node.text == yes) return true;
  for (const char* no : {"False", "FALSE"})
    if (node.text == no) return false;
  if (auto value = config::parse_integer(scalar)) return *value;
  if (auto value = config::parse_number(scalar)) return *value;
  return node.text;
}

Json json_of(const config::Node& node) {
  switch (node.kind) {
    case config::Node::Kind::null:
      return nullptr;
    case config::Node::Kind::scalar:
      return scalar_of(node);
    case config::Node::Kind::sequence: {
      Json list = Json::array();
      for (const config::Node& item : node.items) list.push_back(json_of(item));
      return list;
    }
    case config::Node::Kind::map: {
      Json object = Json::object();
      for (const config::Member& member : node.members) object[member.key] = json_of(member.value);
      return object;
    }
  }
  return nullptr;
}

Result<Json> parse_text(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != text.npos && text[first] == '{') return parse_json(text);
  config::Sources sources;
  config::Problems problems(sources);
  const int file = sources.add("document", "/");
  const auto node = config::parse_yaml(text, file, sources, problems);
  const auto found = problems.take({});
  const auto wrong = std::ranges::find(found, config::Severity::error, &config::Problem::severity);
  if (wrong != found.end())
    return fail(ErrorCode::invalid,
                fmt::format("line {}, column {}: {}", wrong->line, wrong->column, wrong->text));
  return node ? json_of(*node) : Json(nullptr);
}

std::string decoded(std::string_view pointer) {
  std::string out;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    const auto hex = [&](std::size_t at) {
      return std::isxdigit(static_cast<unsigned char>(pointer[at])) != 0;
    };
    if (pointer[i] == '%' && i + 2 < pointer.size() && hex(i + 1) && hex(i + 2)) {
      out += static_cast<char>(std::stoi(std::string(pointer.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += pointer[i];
    }
  }
  return out;
}

// Keywords that say what a value must be; each is checked by tools/json_schema.h.
bool judges(std::string_view keyword) {
  static constexpr std::string_view kPlain[] = {
      "type",     "enum",        "const",      "description", "title",         "default",
      "maximum",  "minimum",     "multipleOf", "maxLength",   "minLength",     "maxItems",
      "minItems", "uniqueItems", "required",   "format",      "minProperties", "maxProperties"};
  return std::ranges::find(kPlain, keyword) != std::end(kPlain);
}

bool flag(const Json& schema, std::string_view name) {
  const Json* value = find(schema, name);
  return value && value->is_boolean() && value->get<bool>();
}

void without(const std::set<std::string>& names, Json& schema) {
  const auto wanted = schema.find("required");
  if (wanted == schema.end() || !wanted->is_array()) return;
  Json kept = Json::array();
  for (const Json& name : *wanted)
    if (!name.is_string() || !names.contains(name.get<std::string>())) kept.push_back(name);
  *wanted = std::move(kept);
}

void allow_null(Json& schema) {
  if (const auto type = schema.find("type"); type != schema.end() && type->is_string())
    *type = Json::array({*type, "null"});
  if (const auto values = schema.find("enum"); values != schema.end() && values->is_array() &&
                                               std::ranges::find(*values, Json(nullptr)) == values->end())
    values->push_back(nullptr);
}

// 3.0: a flag beside the bound; later: a bound of its own.
void exclusive_bound(const Json& from, Json& to, const char* exclusive, const char* bound) {
  const Json* value = find(from, exclusive);
  if (!value) return;
  if (value->is_number()) to[exclusive] = *value;
  if (value->is_boolean() && value->get<bool>() && to.contains(bound)) {
    to[exclusive] = to[bound];
    to.erase(bound);
  }
}

}  // namespace

Result<Json> read_document(std::string_view text) {
  if (text.size() > kDocumentBytes)
    return fail(ErrorCode::too_large, fmt::format("the document has more than {} bytes", kDocumentBytes));
  auto document = parse_text(text);
  if (!document) return within("the document cannot be read", std::move(document.error()));
  if (!string_or(*document, "swagger").empty())
    return fail(ErrorCode::invalid, "this is a Swagger 2.0 document; convert it to OpenAPI 3");
  const Json* version = find(*document, "openapi");
  const std::string written = !version               ? ""
                              : version->is_string() ? version->get<std::string>()
                                                     : dump(*version);
  if (!written.starts_with("3.0") && !written.starts_with("3.1"))
    return fail(ErrorCode::invalid,
                written.empty()
                    ? "it has no `openapi:` with the version, so it is no OpenAPI document"
                    : fmt::format("OpenAPI `{}` is not read; 3.0 and 3.1 are", written.substr(0, 20)));
  const Json* paths = find(*document, "paths");
  if (!paths || !paths->is_object() || paths->empty())
    return fail(ErrorCode::invalid, "it has no `paths`, so there is nothing to call");
  return document;
}

const Json& object_or_empty(const Json* value) {
  static const Json kEmpty = Json::object();
  return value && value->is_object() ? *value : kEmpty;
}

Result<const Json*> References::follow(const Json& node) const {
  const Json* here = &node;
  for (int steps = 0;; ++steps) {
    const Json* reference = find(*here, "$ref");
    if (!reference) return here;
    if (!reference->is_string()) return fail(ErrorCode::invalid, "a `$ref` is no text");
    const auto to = reference->get<std::string>();
    if (!to.starts_with('#'))
      return fail(ErrorCode::invalid,
                  fmt::format("`$ref: {}` leads out of the document; bundle it into one", to.substr(0, 200)));
    const std::string pointer = decoded(std::string_view(to).substr(1));
    if (!pointer.empty() && !pointer.starts_with('/'))
      return fail(ErrorCode::invalid, fmt::format("`$ref: {}` names an `$anchor`, which is not looked up; "
                                                  "write the path to it, such as `#/components/schemas/Pet`",
                                                  to.substr(0, 200)));
    here = pointer_problem(pointer).empty() ? at_pointer(document_, pointer) : nullptr;
    if (!here) return fail(ErrorCode::invalid, fmt::format("`$ref: {}` leads to nothing", to.substr(0, 200)));
    if (steps == kReferencesMax)
      return fail(ErrorCode::invalid, fmt::format("`$ref: {}` leads in a circle", to.substr(0, 200)));
  }
}

Json SchemaReader::read(const Json& schema) {
  return read(schema, 0);
}

Json SchemaReader::read(const Json& schema, int depth) {
  const auto followed = references_.follow(schema);
  if (!followed) return broken(followed.error().message);
  const Json* here = *followed;
  if (here->is_boolean()) return here->get<bool>() ? Json::object() : Json{{"not", Json::object()}};
  if (!here->is_object()) {
    if (here == &schema) return Json::object();
    return broken(
        fmt::format("`$ref: {}` leads to what is no schema", string_or(schema, "$ref").substr(0, 200)));
  }
  const bool within_itself = std::ranges::find(open_, here) != open_.end();
  if (within_itself || depth > kSchemaDepth || left_ == 0) {
    ++cuts_;
    const std::string about = string_or(schema, "description", string_or(*here, "description"));
    return about.empty() ? Json::object() : Json{{"description", about}};
  }
  --left_;
  open_.push_back(here);
  Json made = Json::object();
  copy(*here, made, depth);
  open_.pop_back();
  // Beside a reference 3.1 lets a description stand for this place.
  if (here != &schema && !string_or(schema, "description").empty())
    made["description"] = schema["description"];
  return made;
}

Json SchemaReader::broken(std::string why) {
  if (problem_.empty()) problem_ = std::move(why);
  return Json::object();
}

void SchemaReader::copy(const Json& from, Json& to, int depth) {
  for (const auto& [keyword, value] : from.items()) {
    if (judges(keyword)) {
      to[keyword] = value;
    } else if (keyword == "pattern" && value.is_string()) {
      if (Pattern::compile(value.get<std::string>())) to[keyword] = value;
    } else if (keyword == "properties" && value.is_object()) {
      to[keyword] = Json::object();
      for (const auto& [name, member] : value.items()) {
        const auto followed = references_.follow(member);
        if (!followed || !flag(**followed, "readOnly")) to[keyword][name] = read(member, depth + 1);
      }
    } else if (keyword == "items" || keyword == "not" || keyword == "additionalProperties") {
      const int cuts = cuts_;
      to[keyword] = value.is_boolean() ? value : read(value, depth + 1);
      if (keyword == "not" && cuts_ > cuts)
        to.erase(keyword);  // what was cut takes anything, so this nothing
    } else if ((keyword == "allOf" || keyword == "anyOf" || keyword == "prefixItems") && value.is_array()) {
      for (const Json& part : value) to[keyword].push_back(read(part, depth + 1));
    }
  }
  if (const Json* one = find(from, "oneOf"); one && one->is_array()) add_one_of(*one, to, depth);
  // Members by a pattern of their names are not looked at, and so not forbidden either.
  if (from.contains("patternProperties") && to.value("additionalProperties", Json()) == false)
    to.erase("additionalProperties");
  exclusive_bound(from, to, "exclusiveMinimum", "minimum");
  exclusive_bound(from, to, "exclusiveMaximum", "maximum");
  if (flag(from, "nullable")) allow_null(to);
  // What is not shown cannot be asked for, by none of the parts of a whole.
  std::set<std::string> hidden;
  hide(from, hidden);
  const Json* parts = find(from, "allOf");
  if (parts && parts->is_array())
    for (const Json& part : *parts)
      if (const auto followed = references_.follow(part)) hide(**followed, hidden);
  if (hidden.empty()) return;
  without(hidden, to);
  if (const auto made = to.find("allOf"); made != to.end())
    for (Json& part : *made) without(hidden, part);
}

// Alternatives overlap in many documents, or do so since one of them was cut: a service that means one of
// them takes what fits several, and a tool that refuses it could not be called at all.
void SchemaReader::add_one_of(const Json& alternatives, Json& to, int depth) {
  Json read_ones = Json::array();
  for (const Json& one : alternatives) read_ones.push_back(read(one, depth + 1));
  if (!to.contains("anyOf"))
    to["anyOf"] = std::move(read_ones);
  else
    to["allOf"].push_back(Json{{"anyOf", std::move(read_ones)}});
}

void SchemaReader::hide(const Json& schema, std::set<std::string>& hidden) const {
  for (const auto& [name, member] : object_or_empty(find(schema, "properties")).items())
    if (const auto followed = references_.follow(member); followed && flag(**followed, "readOnly"))
      hidden.insert(name);
}

}  // namespace troupe::tools::openapi

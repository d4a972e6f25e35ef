#include "tools/schema/rewrite.h"

#include "runtime/base/limits.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

using json = nlohmann::json;

constexpr int kNodesMax = 5'000;
constexpr long kExpansionMax = 10'000;  // schemas applied to one value, references followed

constexpr std::string_view kRefused[] = {
    "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef",
    "minContains",           "maxContains",      "$vocabulary"};

// Enforced, or saying nothing about validity.
constexpr std::string_view kKnown[] = {"$schema",
                                       "$id",
                                       "$ref",
                                       "$anchor",
                                       "$dynamicAnchor",
                                       "$recursiveAnchor",
                                       "$comment",
                                       "$defs",
                                       "definitions",
                                       "id",
                                       "title",
                                       "description",
                                       "default",
                                       "examples",
                                       "example",
                                       "deprecated",
                                       "readOnly",
                                       "writeOnly",
                                       "format",
                                       "contentMediaType",
                                       "contentEncoding",
                                       "contentSchema",
                                       "nullable",
                                       "discriminator",
                                       "xml",
                                       "externalDocs",
                                       "strict",
                                       "type",
                                       "enum",
                                       "const",
                                       "multipleOf",
                                       "maximum",
                                       "exclusiveMaximum",
                                       "minimum",
                                       "exclusiveMinimum",
                                       "maxLength",
                                       "minLength",
                                       "pattern",
                                       "items",
                                       "prefixItems",
                                       "additionalItems",
                                       "maxItems",
                                       "minItems",
                                       "uniqueItems",
                                       "contains",
                                       "maxProperties",
                                       "minProperties",
                                       "required",
                                       "properties",
                                       "patternProperties",
                                       "additionalProperties",
                                       "propertyNames",
                                       "dependencies",
                                       "dependentRequired",
                                       "dependentSchemas",
                                       "if",
                                       "then",
                                       "else",
                                       "allOf",
                                       "anyOf",
                                       "oneOf",
                                       "not",
                                       "unevaluatedProperties",
                                       "unevaluatedItems",
                                       "minContains",
                                       "maxContains"};

struct Failure {
  std::string text;
};

std::string place(const std::string& path) {
  return path.empty() ? "the schema" : path;
}

// One letter more, less, other or swapped, or another case: stricter than what a suggestion needs, because
// here it decides between a misspelling and somebody's own annotation.
bool one_slip(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  };
  if (a.size() < b.size()) std::swap(a, b);
  if (a.size() > b.size() + 1) return false;
  std::size_t i = 0;
  while (i < b.size() && same(a[i], b[i])) ++i;
  const auto rest_equal = [&](std::size_t x, std::size_t y) {
    return a.size() - x == b.size() - y && std::equal(a.begin() + static_cast<std::ptrdiff_t>(x), a.end(),
                                                      b.begin() + static_cast<std::ptrdiff_t>(y), same);
  };
  if (a.size() > b.size()) return rest_equal(i + 1, i);
  if (i == a.size()) return true;  // only the case differs
  const bool swapped = i + 1 < a.size() && same(a[i], b[i + 1]) && same(a[i + 1], b[i]);
  return rest_equal(i + 1, i + 1) || (swapped && rest_equal(i + 2, i + 2));
}

class Rewriter {
 public:
  Rewriter(const json& root, bool modern) : root_(root), modern_(modern) {}

  RewrittenSchema run() {
    definition_of("");
    while (done_ < pointers_.size()) {
      const std::string pointer = pointers_[done_];
      const json* target = resolve(pointer);
      if (!target) throw Failure{fmt::format("$ref `#{}` leads to nothing", pointer)};
      current_ = done_++;
      weights_.push_back(0);
      in_place_.emplace_back();
      result_.nesting.push_back(0);
      json rewritten = schema(*target, pointer, 0, true);
      definitions_.push_back(std::move(rewritten));
    }
    check_expansion();
    result_.document["anyOf"] = std::move(definitions_);
    return std::move(result_);
  }

 private:
  // The number of the definition for a place in the original; the place is rewritten in its turn.
  std::size_t definition_of(const std::string& pointer) {
    const auto [entry, is_new] = numbers_.try_emplace(pointer, pointers_.size());
    if (is_new) pointers_.push_back(pointer);
    return entry->second;
  }

  const json* resolve(const std::string& pointer) const {
    try {
      const json::json_pointer parsed(pointer);
      return root_.contains(parsed) ? &root_.at(parsed) : nullptr;
    } catch (const json::exception&) {
      return nullptr;
    }
  }

  std::string pointer_of(const std::string& reference, const std::string& path) const {
    std::string rest = reference;
    const auto id = root_.is_object() ? root_.find("$id") : root_.end();
    if (root_.is_object() && id != root_.end() && id->is_string() && !id->get<std::string>().empty() &&
        rest.starts_with(id->get<std::string>()))
      rest.erase(0, id->get<std::string>().size());
    if (rest.empty()) return "";
    if (rest[0] != '#')
      throw Failure{
          fmt::format("{}: $ref `{}` leads out of this document; only references within it are followed",
                      place(path), reference)};
    rest.erase(0, 1);
    if (!rest.empty() && rest[0] != '/')
      throw Failure{fmt::format("{}: $ref `{}` names an anchor; write a JSON pointer such as #/$defs/name",
                                place(path), reference)};
    return percent_decoded(rest);
  }

  static std::string percent_decoded(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '%' && i + 2 < text.size() && std::isxdigit(static_cast<unsigned char>(text[i + 1])) &&
          std::isxdigit(static_cast<unsigned char>(text[i + 2]))) {
        out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
      } else {
        out += text[i];
      }
    }
    return out;
  }

  json schema(const json& node, const std::string& path, int depth, bool in_place) {
    if (depth > static_cast<int>(limits::kJsonDepth))
      throw Failure{fmt::format("{}: nested too deep", place(path))};
    if (++nodes_ > kNodesMax) throw Failure{fmt::format("more than {} schemas in one", kNodesMax)};
    if (in_place) ++weights_[current_];
    result_.nesting[current_] = std::max(result_.nesting[current_], static_cast<std::size_t>(depth));
    SchemaNode ours;
    if (node.is_boolean()) {
      if (node == false) ours.rules.push_back(nothing_allowed());
      return with_node(json::object(), std::move(ours));
    }
    if (!node.is_object())
      throw Failure{
          fmt::format("{}: a schema is an object or true or false, this is {}", place(path), shown(node))};
    check_keywords(node, path);
    json out = json::object();
    if (const auto reference = node.find("$ref"); reference != node.end()) {
      if (!reference->is_string()) throw Failure{fmt::format("{}: $ref must be a string", place(path))};
      ours.reference = definition_of(pointer_of(reference->get<std::string>(), path));
      if (in_place) in_place_[current_].push_back(*ours.reference);
      if (!modern_) return with_node(std::move(out), std::move(ours));
    }
    applicators(node, out, path, depth + 1, in_place);
    ours.members = named_members(node, path);
    if (node.contains("contains")) ours.contains = definition_of(path + "/contains");
    auto rules = make_rules(node);
    if (!rules) throw Failure{fmt::format("{}: {}", place(path), rules.error().message)};
    if (const auto names = node.find("propertyNames"); names != node.end())
      rules->push_back(names_rule(*names, path));
    ours.rules = std::move(*rules);
    return with_node(std::move(out), std::move(ours));
  }

  json with_node(json out, SchemaNode ours) {
    out[kNodeKeyword] = result_.nodes.size();  // also where it is empty: each application is counted
    result_.nodes.push_back(std::move(ours));
    return out;
  }

  void check_keywords(const json& node, const std::string& path) const {
    for (const auto& [keyword, argument] : node.items()) {
      if (std::find(std::begin(kRefused), std::end(kRefused), keyword) != std::end(kRefused))
        throw Failure{
            fmt::format("{}: `{}` is not supported: it would not be enforced", place(path), keyword)};
      if (keyword == "$id" && !path.empty())
        throw Failure{
            fmt::format("{}: a schema with its own $id inside another is not supported", place(path))};
      if (std::find(std::begin(kKnown), std::end(kKnown), keyword) != std::end(kKnown)) continue;
      if (keyword.starts_with("x-") || keyword.starts_with("$")) continue;
      // Extensions are ignored, as the standard says; a misspelling would be ignored with them.
      for (std::string_view known : kKnown)
        if (keyword.size() > 3 && one_slip(keyword, known))
          throw Failure{fmt::format("{}: `{}` is no keyword of JSON Schema; did you mean `{}`?", place(path),
                                    keyword, known)};
    }
  }

  json member(const json& node, const char* keyword, const std::string& path, int depth, bool in_place) {
    return schema(node, path + "/" + keyword, depth, in_place);
  }

  json list(const json& node, const char* keyword, const std::string& path, int depth, bool in_place) {
    if (!node.is_array() || node.empty())
      throw Failure{fmt::format("{}: `{}` must be an array with at least one schema", place(path), keyword)};
    json out = json::array();
    for (std::size_t i = 0; i < node.size(); ++i)
      out.push_back(schema(node[i], fmt::format("{}/{}/{}", path, keyword, i), depth, in_place));
    return out;
  }

  json named(const json& node, const char* keyword, const std::string& path, int depth, bool in_place) {
    if (!node.is_object()) throw Failure{fmt::format("{}: `{}` must be an object", place(path), keyword)};
    json out = json::object();
    for (const auto& [name, sub] : node.items()) {
      std::string inner = path + "/" + keyword;
      append_pointer(inner, name);
      out[name] = schema(sub, inner, depth, in_place);
    }
    return out;
  }

  void applicators(const json& node, json& out, const std::string& path, int depth, bool in_place) {
    const auto find = [&](const char* keyword) -> const json* {
      const auto it = node.find(keyword);
      return it == node.end() ? nullptr : &*it;
    };
    for (const char* keyword : {"allOf", "anyOf", "oneOf"}) {
      const json* a = find(keyword);
      if (!a) continue;
      json members = list(*a, keyword, path, depth, in_place);
      for (json& entry : members) out[keyword].push_back(std::move(entry));  // allOf may hold a $ref already
    }
    if (const json* a = find("not")) out["not"] = member(*a, "not", path, depth, in_place);
    if (const json* a = find("if")) {
      out["if"] = member(*a, "if", path, depth, in_place);
      for (const char* keyword : {"then", "else"})
        if (const json* branch = find(keyword))
          out[keyword] = member(*branch, keyword, path, depth, in_place);
    }
    dependencies(node, out, path, depth, in_place);
    objects(node, out, path, depth);
    arrays(node, out, path, depth);
  }

  void dependencies(const json& node, json& out, const std::string& path, int depth, bool in_place) {
    for (const char* keyword : {"dependencies", "dependentSchemas"}) {
      const auto a = node.find(keyword);
      if (a == node.end()) continue;
      json schemas = json::object();
      if (!a->is_object()) throw Failure{fmt::format("{}: `{}` must be an object", place(path), keyword)};
      for (const auto& [name, sub] : a->items())
        if (!sub.is_array()) schemas[name] = sub;
      const json rewritten = named(schemas, keyword, path, depth, in_place);
      for (const auto& [name, sub] : rewritten.items()) out["dependencies"][name] = sub;
    }
  }

  void objects(const json& node, json& out, const std::string& path, int depth) {
    if (const auto a = node.find("properties"); a != node.end())
      out["properties"] = named(*a, "properties", path, depth, false);
    // `false` is a rule: it can name the misspelt property. Beside patterns, what is additional is ours to
    // say.
    const auto rest = node.find("additionalProperties");
    if (rest != node.end() && *rest != false && !node.contains("patternProperties"))
      out["additionalProperties"] = member(*rest, "additionalProperties", path, depth, false);
  }

  std::optional<NamedMembers> named_members(const json& node, const std::string& path) {
    const auto patterns = node.find("patternProperties");
    if (patterns == node.end()) return std::nullopt;
    if (!patterns->is_object())
      throw Failure{fmt::format("{}: `patternProperties` must be an object", place(path))};
    NamedMembers members;
    for (const auto& [source, sub] : patterns->items()) {
      auto pattern = Pattern::compile(source);
      if (!pattern) throw Failure{fmt::format("{}: {}", place(path), pattern.error().message)};
      std::string inner = path + "/patternProperties";
      append_pointer(inner, source);
      members.patterns.emplace_back(std::move(*pattern), definition_of(inner));
    }
    if (const auto properties = node.find("properties"); properties != node.end())
      for (const auto& [name, sub] : properties->items()) members.known.push_back(name);
    if (const auto rest = node.find("additionalProperties"); rest != node.end()) {
      members.closed = *rest == false;
      if (!members.closed) members.additional = definition_of(path + "/additionalProperties");
    }
    return members;
  }

  // A name is a string, so its schema comes down to rules; they can say which name is meant, valijson could
  // not.
  Rule names_rule(const json& node, const std::string& path) const {
    if (node.is_boolean()) {
      return [allowed = node.get<bool>()](const json& value, Findings& found) {
        if (!allowed && value.is_object() && !value.empty())
          found.violations.push_back({"", "must be an empty object"});
      };
    }
    for (const char* keyword : {"$ref", "allOf", "anyOf", "oneOf", "not", "if"})
      if (node.is_object() && node.contains(keyword))
        throw Failure{fmt::format("{}/propertyNames: `{}` is not supported there", path, keyword)};
    if (!node.is_object())
      throw Failure{fmt::format("{}/propertyNames: a schema is an object or true or false", path)};
    check_keywords(node, path + "/propertyNames");
    auto rules = make_rules(node);
    if (!rules) throw Failure{fmt::format("{}/propertyNames: {}", path, rules.error().message)};
    return [rules = std::move(*rules)](const json& value, Findings& found) {
      if (!value.is_object()) return;
      for (const auto& [name, sub] : value.items()) {
        Findings inner;
        for (const Rule& rule : rules) rule(json(name), inner);
        found.steps += inner.steps;
        for (Violation& violation : inner.violations) {
          violation.pointer.clear();
          append_pointer(violation.pointer, name);
          violation.text = "its name " + violation.text;
          found.violations.push_back(std::move(violation));
        }
      }
    };
  }

  void arrays(const json& node, json& out, const std::string& path, int depth) {
    const auto prefix = node.find("prefixItems");
    const auto items = node.find("items");
    const auto rest = node.find("additionalItems");
    if (prefix != node.end()) {
      out["items"] = list(*prefix, "prefixItems", path, depth, false);
      if (items != node.end()) out["additionalItems"] = member(*items, "items", path, depth, false);
    } else if (items != node.end() && items->is_array()) {
      if (items->empty()) {
        if (rest != node.end()) out["items"] = member(*rest, "additionalItems", path, depth, false);
      } else {
        out["items"] = list(*items, "items", path, depth, false);
        if (rest != node.end()) out["additionalItems"] = member(*rest, "additionalItems", path, depth, false);
      }
    } else if (items != node.end()) {
      out["items"] = member(*items, "items", path, depth, false);
    }
  }

  // What one value costs: references that apply to the same value multiply, and one that comes back to itself
  // never ends.
  void check_expansion() {
    std::vector<long> cost(pointers_.size(), -1);
    std::vector<bool> open(pointers_.size(), false);
    for (std::size_t i = 0; i < pointers_.size(); ++i) expansion(i, cost, open, 0);
  }

  long expansion(std::size_t index, std::vector<long>& cost, std::vector<bool>& open, int depth) {
    if (open[index])
      throw Failure{
          fmt::format("$ref `#{}` refers to itself without going deeper into the value", pointers_[index])};
    if (cost[index] >= 0) return cost[index];
    if (depth > 512) throw Failure{"references follow each other for more than 512 steps"};
    open[index] = true;
    long sum = weights_[index];
    for (std::size_t next : in_place_[index]) {
      sum += expansion(next, cost, open, depth + 1);
      if (sum > kExpansionMax)
        throw Failure{
            fmt::format("its references multiply to more than {} schemas for one value", kExpansionMax)};
    }
    open[index] = false;
    return cost[index] = sum;
  }

  const json& root_;
  bool modern_;
  int nodes_ = 0;
  std::map<std::string, std::size_t> numbers_;
  std::vector<std::string> pointers_;  // by definition number
  std::size_t done_ = 0;
  std::size_t current_ = 0;
  std::vector<long> weights_;                       // schemas of a definition that apply to its own value
  std::vector<std::vector<std::size_t>> in_place_;  // definitions it applies to its own value
  json definitions_ = json::array();
  RewrittenSchema result_;
};

std::optional<bool> modern_dialect(const json& schema, Dialect dialect) {
  if (dialect != Dialect::automatic) return dialect == Dialect::modern;
  const auto declared = schema.is_object() ? schema.find("$schema") : schema.end();
  if (!schema.is_object() || declared == schema.end() || !declared->is_string()) return true;
  const std::string uri = declared->get<std::string>();
  for (const char* old : {"draft-04", "draft-05", "draft-06", "draft-07"})
    if (uri.find(old) != std::string::npos) return false;
  if (uri.find("json-schema.org/") != std::string::npos) return true;
  return std::nullopt;
}

}  // namespace

Result<RewrittenSchema> rewrite_schema(const nlohmann::json& schema, Dialect dialect) {
  const auto modern = modern_dialect(schema, dialect);
  if (!modern)
    return fail(ErrorCode::invalid,
                fmt::format("$schema {} is no dialect that is known; use JSON Schema draft 7 or 2020-12",
                            shown(schema["$schema"])));
  try {
    return Rewriter(schema, *modern).run();
  } catch (const Failure& failure) {
    return fail(ErrorCode::invalid, failure.text);
  }
}

}  // namespace troupe::tools

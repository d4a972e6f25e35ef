#include "tools/schema/repair.h"

#include "tools/schema/rules.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr int kReferencesMax = 16;
using Types = std::set<std::string>;

class Repair {
 public:
  Repair(const Json& root, std::vector<std::string>& repairs) : root_(root), repairs_(repairs) {}

  void apply(Json& value, const Json& node, const std::string& path, int depth) {
    const Json* schema = followed(&node);
    if (!schema || depth > static_cast<int>(limits::kJsonDepth)) return;
    const Types types = types_of(*schema, 0);
    if (!types.empty() && !fits(value, types)) mend(value, types, path);
    if (path.empty() && !value.is_object()) wrap_single(value, *schema);
    if (value.is_object()) members(value, *schema, path, depth);
    if (value.is_array()) items(value, *schema, path, depth);
  }

 private:
  // The schema behind local references; null when there is none.
  const Json* followed(const Json* node) const {
    for (int hops = 0; hops < kReferencesMax; ++hops) {
      const Json* reference = find(*node, "$ref");
      if (!reference) return node;
      if (!reference->is_string()) return nullptr;
      const std::string text = reference->get<std::string>();
      if (text.empty() || text[0] != '#') return nullptr;
      try {
        const Json::json_pointer pointer(text.substr(1));
        if (!root_.contains(pointer)) return nullptr;
        node = &root_.at(pointer);
      } catch (const Json::exception&) {
        return nullptr;
      }
    }
    return nullptr;
  }

  // The types a schema lets in; empty when that cannot be told.
  Types types_of(const Json& schema, int depth) const {
    Types types;
    if (depth > 4) return types;
    if (const Json* type = find(schema, "type")) {
      if (type->is_string()) types.insert(type->get<std::string>());
      if (type->is_array())
        for (const Json& one : *type)
          if (one.is_string()) types.insert(one.get<std::string>());
      return types;
    }
    for (const char* keyword : {"anyOf", "oneOf"}) {
      const Json* list = find(schema, keyword);
      if (!list || !list->is_array()) continue;
      for (const Json& alternative : *list) {
        const Json* target = followed(&alternative);
        const Types more = target ? types_of(*target, depth + 1) : Types{};
        if (more.empty()) return {};
        types.insert(more.begin(), more.end());
      }
      return types;
    }
    return types;
  }

  static bool fits(const Json& value, const Types& types) {
    if (value.is_string()) return types.contains("string");
    if (value.is_boolean()) return types.contains("boolean");
    if (value.is_null()) return types.contains("null");
    if (value.is_array()) return types.contains("array");
    if (value.is_object()) return types.contains("object");
    return types.contains("number") || types.contains("integer");
  }

  void note(const std::string& path, const std::string& text) {
    repairs_.push_back(fmt::format("{}: {}", path.empty() ? "(root)" : path, text));
  }

  void mend(Json& value, const Types& types, const std::string& path) {
    if (value.is_string()) {
      Json read = reading_of(value.get_ref<const std::string&>(), types);
      if (!read.is_discarded()) {
        note(path, fmt::format("{} read as {}", shown(nlohmann::json(value)), shown(nlohmann::json(read))));
        value = std::move(read);
        return;
      }
    }
    if (value.is_number_integer() && types == Types{"string"}) {
      note(path, fmt::format("the number {} read as text", dump(value)));
      value = dump(value);
      return;
    }
    const bool scalar = value.is_string() || value.is_number() || value.is_boolean();
    if (scalar && types.contains("array")) {
      note(path, fmt::format("{} read as a list of one", shown(nlohmann::json(value))));
      value = Json::array({value});
    }
  }

  // What a string says as JSON, when that is of a wanted type; discarded otherwise.
  static Json reading_of(const std::string& text, const Types& types) {
    const Json nothing(Json::value_t::discarded);
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos || text.find('\0') != std::string::npos) return nothing;
    const char first = text[begin];
    const bool number = first == '-' || std::isdigit(static_cast<unsigned char>(first));
    const bool wanted = (number && (types.contains("number") || types.contains("integer"))) ||
                        (first == '{' && types.contains("object")) ||
                        (first == '[' && types.contains("array")) ||
                        ((text == "true" || text == "false") && types.contains("boolean"));
    if (!wanted) return nothing;
    auto parsed = parse_json(text);
    if (!parsed) return nothing;
    if (parsed->is_number_float() && !types.contains("number")) return nothing;
    return *parsed;
  }

  static std::string only_required(const Json& schema) {
    const Json* required = find(schema, "required");
    if (!required || !required->is_array() || required->size() != 1 || !required->front().is_string())
      return "";
    return required->front().get<std::string>();
  }

  // Which of several arguments that would do alone (a query or addresses) has the type of this value.
  std::string fitting_alternative(const Json& value, const Json& schema, const Json& properties) const {
    std::string fitting;
    for (const char* keyword : {"anyOf", "oneOf"}) {
      const Json* list = find(schema, keyword);
      if (!list || !list->is_array()) continue;
      for (const Json& alternative : *list) {
        const std::string name = only_required(alternative);
        const Json* declared = name.empty() ? nullptr : find(properties, name);
        const Json* target = declared ? followed(declared) : nullptr;
        if (!target || !fits(value, types_of(*target, 0))) continue;
        if (!fitting.empty() && fitting != name) return "";
        fitting = name;
      }
    }
    return fitting;
  }

  // A bare value instead of the object: clear when one argument is required, when there is only one, or when
  // of those that would do alone one takes such a value.
  void wrap_single(Json& value, const Json& schema) {
    const Json* properties = find(schema, "properties");
    if (!properties || !properties->is_object() || value.is_null()) return;
    std::string name = only_required(schema);
    if (name.empty() && properties->size() == 1) name = properties->begin().key();
    if (name.empty() && !find(schema, "required")) name = fitting_alternative(value, schema, *properties);
    if (name.empty() || !properties->contains(name)) return;
    note("", fmt::format("a bare value taken as `{}`", name));
    Json object = Json::object();
    object[name] = std::move(value);
    value = std::move(object);
  }

  void members(Json& value, const Json& schema, const std::string& path, int depth) {
    const Json* properties = find(schema, "properties");
    if (!properties || !properties->is_object()) return;
    const Json* required = find(schema, "required");
    std::vector<std::string> dropped;
    for (auto& [name, member] : value.items()) {
      const Json* declared = find(*properties, name);
      if (!declared) continue;
      std::string inner = path;
      append_pointer(inner, name);
      const Json* target = followed(declared);
      const Types types = target ? types_of(*target, 0) : Types{};
      const bool needed = required && required->is_array() &&
                          std::find(required->begin(), required->end(), Json(name)) != required->end();
      if (member.is_null() && !types.empty() && !types.contains("null") && !needed) {
        note(inner, "null dropped");
        dropped.push_back(name);
        continue;
      }
      apply(member, *declared, inner, depth + 1);
    }
    for (const std::string& name : dropped) value.erase(name);
  }

  void items(Json& value, const Json& schema, const std::string& path, int depth) {
    const Json* item = find(schema, "items");
    if (!item || !item->is_object()) return;
    for (std::size_t i = 0; i < value.size(); ++i)
      apply(value[i], *item, fmt::format("{}/{}", path, i), depth + 1);
  }

  const Json& root_;
  std::vector<std::string>& repairs_;
};

}  // namespace

void repair_value(Json& value, const Json& schema, std::vector<std::string>& repairs) {
  Repair(schema, repairs).apply(value, schema, "", 0);
}

}  // namespace troupe::tools

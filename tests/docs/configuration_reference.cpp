#include "tests/docs/configuration_reference.h"

#include "runtime/base/json.h"

#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace troupe::docs {

namespace {

/// The alternative "some text with ${…} in it", which every scalar has and the introduction explains once.
bool is_interpolation(const Json& schema) {
  return schema.value("type", Json()) == "string" &&
         schema.value("pattern", "").find("\\$\\{") != std::string::npos;
}

std::vector<Json> alternatives(const Json& schema) {
  if (!schema.contains("anyOf")) return {schema};
  std::vector<Json> found;
  for (const auto& one : schema["anyOf"]) {
    if (is_interpolation(one)) continue;
    for (auto& inner : alternatives(one)) found.push_back(std::move(inner));
  }
  return found;
}

bool has_type(const Json& schema, const std::string& name) {
  const auto type = schema.value("type", Json());
  if (type.is_string()) return type == name;
  for (const auto& one : type) {
    if (one == name) return true;
  }
  return false;
}

std::string plain(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string range(const Json& schema) {
  const bool low = schema.contains("minimum"), high = schema.contains("maximum");
  if (low && high) {
    return schema["minimum"] == schema["maximum"]
               ? plain(schema["minimum"])
               : plain(schema["minimum"]) + " – " + plain(schema["maximum"]);
  }
  return low ? "from " + plain(schema["minimum"]) : "";
}

/// Text inside a table's cell.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string sentence(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text + ".";
}

/// "a size", "250ms, 30s, 5m", "list", "0 – 2", …
std::string values_of(const Json& schema) {
  std::string text;
  for (const auto& one : alternatives(schema)) {
    if (!text.empty()) text += ", ";
    if (one.contains("const")) {
      text += "`" + plain(one["const"]) + "`";
    } else if (has_type(one, "integer") || has_type(one, "number")) {
      text += range(one);
    } else if (has_type(one, "boolean")) {
      text += "`true`, `false`";
    } else if (has_type(one, "array")) {
      text += "list";
    } else if (has_type(one, "object")) {
      text += "map";
    } else if (one.value("pattern", "").find("KiB") != std::string::npos) {
      text += "size";
    } else if (one.value("pattern", "").find("ms") != std::string::npos) {
      text += "duration";
    } else {
      text += "text";
    }
  }
  return text;
}

class Writer {
 public:
  std::string take() { return std::move(text_); }

  void section(const std::string& path, const Json& schema) {
    for (const auto& one : alternatives(schema)) {
      if (one.contains("allOf")) {
        variants(path, one);
      } else if (one.contains("properties")) {
        table(path, one, one.value("description", ""));
      } else if (one.value("additionalProperties", Json()).is_object()) {
        section(path + ".NAME", one["additionalProperties"]);
      } else if (one.contains("items") && has_keys(one["items"])) {
        section(path + "[]", one["items"]);
      }
    }
  }

 private:
  /// A choice by one key: each of its values brings keys of its own.
  void variants(const std::string& path, const Json& schema) {
    for (const auto& branch : schema["allOf"]) {
      const auto& condition = branch["if"]["properties"];
      const auto key = condition.begin().key();
      const Json& chosen = condition.begin().value();  // a word, or the title of a family of words
      const auto value = plain(chosen.contains("const") ? chosen["const"] : chosen["title"]);
      table(path, branch["then"], branch["then"].value("description", ""), key, value);
    }
  }

  void table(const std::string& path, const Json& schema, const std::string& about,
             const std::string& choice = "", const std::string& chosen = "") {
    const std::string title = schema.value("title", "");
    if (!title.empty() && !titled_.insert(schema.dump()).second) return;  // the same as further up
    text_ += "### `" + path + "`" + (choice.empty() ? "" : ", `" + choice + ": " + chosen + "`") +
             (title.empty() ? "" : ", `" + title + "`") + "\n\n";
    if (!about.empty()) text_ += sentence(about) + "\n\n";
    std::string rows;
    std::vector<std::pair<std::string, Json>> nested;
    for (const auto& [key, value] : schema["properties"].items()) {
      if (key == choice) continue;
      rows += row(key, value, required(schema, key));
      if (has_keys(value)) nested.emplace_back(path + "." + key, value);
    }
    text_ += rows.empty() ? "No further keys.\n\n"
                          : "| key | value | default | meaning |\n|---|---|---|---|\n" + rows + "\n";
    for (const auto& [inner, value] : nested) section(inner, value);
  }

  static bool required(const Json& schema, const std::string& key) {
    for (const auto& name : schema.value("required", Json::array())) {
      if (name == key) return true;
    }
    return false;
  }

  static bool has_keys(const Json& schema) {
    for (const auto& one : alternatives(schema)) {
      if (one.contains("properties") || one.contains("allOf")) return true;
      if (one.value("additionalProperties", Json()).is_object() && has_keys(one["additionalProperties"]))
        return true;
      if (one.contains("items") && has_keys(one["items"])) return true;
    }
    return false;
  }

  static std::string row(const std::string& key, const Json& value, bool required) {
    std::string preset = required ? "required" : "";
    if (value.contains("default") && !value["default"].is_object())
      preset = "`" + plain(value["default"]) + "`";
    std::string meaning = value.value("description", "");
    for (const auto& one : alternatives(value)) {
      const auto about = one.value("description", "");
      if (one.contains("const") && !about.empty()) meaning += "; `" + plain(one["const"]) + "`: " + about;
    }
    return fmt::format("| `{}` | {} | {} | {} |\n", key, values_of(value), preset, cell(meaning));
  }

  std::string text_;
  std::set<std::string> titled_;
};

}  // namespace

std::string configuration_reference(std::string_view schema_text) {
  const auto schema = Json::parse(schema_text);
  Writer writer;
  std::string text = "### The file\n\n| key | value | default | meaning |\n|---|---|---|---|\n";
  for (const auto& [key, value] : schema["properties"].items()) {
    text += fmt::format("| `{}` | {} | {} | {} |\n", key, values_of(value),
                        key == "version" ? "required" : "", value.value("description", ""));
  }
  text += "\n";
  for (const auto& [key, value] : schema["properties"].items()) {
    writer.section(key, value);
    text += writer.take();
  }
  return text;
}

}  // namespace troupe::docs

#include "tools/schema/rules.h"

#include "runtime/base/suggest.h"
#include "tools/schema/pattern.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_set>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

using json = nlohmann::json;
constexpr std::size_t kShownBytes = 60;
constexpr std::size_t kBytesPerStep = 256;  // of text compared

std::string dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Cut at a character, not inside one.
std::string clipped(std::string text) {
  if (text.size() <= kShownBytes) return text;
  std::size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "…";
}

// 5.0 is an integer to JSON Schema.
bool whole(const json& value) {
  if (value.is_number_integer()) return true;
  if (!value.is_number_float()) return false;
  const double number = value.get<double>();
  return std::isfinite(number) && number == std::floor(number);
}

bool has_type(const json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return whole(value);
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  return value.is_null();
}

std::string article(const std::string& type) {
  if (type == "null") return type;
  return (type == "integer" || type == "array" || type == "object" ? "an " : "a ") + type;
}

// -1, 0, 1. A long double holds every integer of 64 bits exactly.
int compare(const json& a, const json& b) {
  const auto exact = [](const json& number) {
    if (number.is_number_unsigned()) return static_cast<long double>(number.get<std::uint64_t>());
    if (number.is_number_integer()) return static_cast<long double>(number.get<std::int64_t>());
    return static_cast<long double>(number.get<double>());
  };
  const long double x = exact(a), y = exact(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

std::uint64_t magnitude(const json& integer) {
  if (integer.is_number_unsigned()) return integer.get<std::uint64_t>();
  const auto value = static_cast<std::uint64_t>(integer.get<std::int64_t>());
  return integer.get<std::int64_t>() < 0 ? 0 - value : value;
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

bool multiple_of(const json& value, const json& divisor) {
  if (value.is_number_integer() && divisor.is_number_integer())
    return magnitude(value) % magnitude(divisor) == 0;
  const double quotient = value.get<double>() / divisor.get<double>();
  // 0.0075 / 0.0001 is 74.99999999999999: decimals are not exact in binary.
  return std::isfinite(quotient) &&
         std::abs(quotient - std::round(quotient)) <= 1e-9 * std::max(1.0, std::abs(quotient));
}

struct Failure {
  std::string text;
};
[[noreturn]] void refuse(std::string_view keyword, std::string_view wanted, const json& is) {
  throw Failure{fmt::format("`{}` must be {}, is {}", keyword, wanted, shown(is))};
}

std::size_t count_argument(std::string_view keyword, const json& argument) {
  if (!whole(argument) || argument.get<double>() < 0) refuse(keyword, "a whole number from 0", argument);
  constexpr double kBeyondAnyValue = 1e15;
  return static_cast<std::size_t>(std::min(argument.get<double>(), kBeyondAnyValue));
}

std::vector<std::string> names_argument(std::string_view keyword, const json& argument) {
  if (!argument.is_array()) refuse(keyword, "an array of names", argument);
  std::vector<std::string> names;
  for (const json& name : argument) {
    if (!name.is_string()) refuse(keyword, "an array of names", argument);
    names.push_back(name.get<std::string>());
  }
  return names;
}

Rule type_rule(const json& schema) {
  const json& argument = schema.at("type");
  static const std::set<std::string> kTypes{"string", "integer", "number", "boolean",
                                            "object", "array",   "null"};
  std::vector<std::string> types;
  if (argument.is_string()) {
    types.push_back(argument.get<std::string>());
  } else {
    types = names_argument("type", argument);
  }
  for (const std::string& type : types)
    if (!kTypes.contains(type))
      refuse("type", "string, integer, number, boolean, object, array or null", type);
  const auto nullable = schema.find("nullable");  // OpenAPI's way of saying so
  if (nullable != schema.end() && *nullable == true) types.push_back("null");
  std::string wanted;
  for (std::size_t i = 0; i < types.size(); ++i)
    wanted += (i == 0 ? "" : i + 1 == types.size() ? " or " : ", ") + article(types[i]);
  return [types, wanted](const json& value, Findings& found) {
    for (const std::string& type : types)
      if (has_type(value, type)) return;
    found.violations.push_back({"", fmt::format("must be {}, is {}", wanted, shown(value))});
  };
}

Rule enum_rule(const json& argument) {
  if (!argument.is_array() || argument.empty()) refuse("enum", "an array with at least one value", argument);
  std::unordered_set<std::string> allowed;
  std::vector<std::string> strings;
  std::string list;
  std::size_t longest = 0;
  for (const json& value : argument) {
    longest = std::max(longest, allowed.insert(canonical(value)).first->size());
    if (value.is_string()) strings.push_back(value.get<std::string>());
    if (list.size() < 400) list += (list.empty() ? "" : ", ") + clipped(dumped(value));
  }
  return [allowed, strings, list, longest](const json& value, Findings& found) {
    const std::string text = canonical(value, longest);
    found.steps += text.size() / kBytesPerStep;
    if (allowed.contains(text)) return;
    const std::string suggestion = value.is_string() ? did_you_mean(value.get<std::string>(), strings) : "";
    found.violations.push_back(
        {"", fmt::format("must be one of {}, is {}{}", list, shown(value), suggestion)});
  };
}

Rule const_rule(const json& argument) {
  return
      [wanted = canonical(argument), text = clipped(dumped(argument))](const json& value, Findings& found) {
        const std::string is = canonical(value, wanted.size());
        found.steps += is.size() / kBytesPerStep;
        if (is != wanted)
          found.violations.push_back({"", fmt::format("must be {}, is {}", text, shown(value))});
      };
}

Rule bound_rule(std::string_view keyword, const json& argument) {
  if (argument.is_boolean())
    throw Failure{fmt::format("`{}: {}` is draft 4; write the bound itself as `{}`", keyword,
                              dumped(argument), keyword)};
  if (!argument.is_number()) refuse(keyword, "a number", argument);
  const bool lower = keyword == "minimum" || keyword == "exclusiveMinimum";
  const bool exclusive = keyword.starts_with("exclusive");
  const std::string wanted =
      exclusive ? (lower ? "more than" : "less than") : (lower ? "at least" : "at most");
  return [argument, lower, exclusive, wanted](const json& value, Findings& found) {
    if (!value.is_number()) return;
    const int order = lower ? compare(value, argument) : compare(argument, value);
    if (exclusive ? order > 0 : order >= 0) return;
    found.violations.push_back(
        {"", fmt::format("must be {} {}, is {}", wanted, dumped(argument), shown(value))});
  };
}

Rule multiple_rule(const json& argument) {
  if (!argument.is_number() || argument.get<double>() <= 0)
    refuse("multipleOf", "a number above 0", argument);
  return [argument](const json& value, Findings& found) {
    if (!value.is_number() || multiple_of(value, argument)) return;
    found.violations.push_back(
        {"", fmt::format("must be a multiple of {}, is {}", dumped(argument), shown(value))});
  };
}

// minLength, maxItems and the like: how many of `what` the value has.
Rule count_rule(std::string_view keyword, const json& argument) {
  const std::size_t bound = count_argument(keyword, argument);
  const bool at_least = keyword.starts_with("min");
  const std::string_view thing = keyword.substr(3);
  const std::string what = thing == "Length" ? "character" : thing == "Items" ? "item" : "property";
  return [bound, at_least, what](const json& value, Findings& found) {
    std::size_t count = 0;
    if (what == "character" && value.is_string())
      count = characters(value.get_ref<const std::string&>());
    else if (what == "item" && value.is_array())
      count = value.size();
    else if (what == "property" && value.is_object())
      count = value.size();
    else
      return;
    if (at_least ? count >= bound : count <= bound) return;
    const std::string plural = what == "property" ? "properties" : what + "s";
    found.violations.push_back({"", fmt::format("must have at {} {} {}, has {}", at_least ? "least" : "most",
                                                bound, bound == 1 ? what : plural, count)});
  };
}

Rule pattern_rule(const json& argument) {
  if (!argument.is_string()) refuse("pattern", "a string", argument);
  auto pattern = Pattern::compile(argument.get<std::string>());
  if (!pattern) throw Failure{"`pattern`: " + pattern.error().message};
  return [pattern = *pattern](const json& value, Findings& found) {
    if (!value.is_string()) return;
    switch (pattern.search(value.get_ref<const std::string&>(), found.steps)) {
      case Pattern::Match::yes:
        return;
      case Pattern::Match::no:
        found.violations.push_back(
            {"", fmt::format("must match the pattern {}, is {}", pattern.source(), shown(value))});
        return;
      case Pattern::Match::too_hard:
        found.violations.push_back(
            {"",
             fmt::format(
                 "cannot be held against the pattern {} within its limits ({} bytes); give a shorter text",
                 pattern.source(), value.get_ref<const std::string&>().size())});
    }
  };
}

Rule unique_rule() {
  return [](const json& value, Findings& found) {
    if (!value.is_array()) return;
    std::unordered_set<std::string> seen;
    for (const json& item : value) {
      std::string text = canonical(item);
      found.steps += text.size() / kBytesPerStep;
      if (seen.insert(std::move(text)).second) continue;
      found.violations.push_back(
          {"", fmt::format("must not have the same item twice, has {} again", shown(item))});
      return;
    }
  };
}

Rule required_rule(const json& argument) {
  return [names = names_argument("required", argument)](const json& value, Findings& found) {
    if (!value.is_object()) return;
    for (const std::string& name : names) {
      if (value.contains(name)) continue;
      Violation violation{"", "is required"};
      append_pointer(violation.pointer, name);
      found.violations.push_back(std::move(violation));
    }
  };
}

Rule dependent_rule(const std::string& name, const json& argument) {
  return [name, names = names_argument("dependentRequired", argument)](const json& value, Findings& found) {
    if (!value.is_object() || !value.contains(name)) return;
    for (const std::string& needed : names) {
      if (value.contains(needed)) continue;
      Violation violation{"", fmt::format("is required when `{}` is given", name)};
      append_pointer(violation.pointer, needed);
      found.violations.push_back(std::move(violation));
    }
  };
}

// additionalProperties: false without patternProperties: the names are known, so a misspelling can be told.
Rule closed_rule(const json& schema) {
  std::vector<std::string> names;
  if (const auto properties = schema.find("properties"); properties != schema.end())
    for (const auto& [name, sub] : properties->items()) names.push_back(name);
  return [names](const json& value, Findings& found) {
    if (!value.is_object()) return;
    for (const auto& [name, member] : value.items()) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      const std::string suggestion = did_you_mean(name, names);
      Violation violation{
          "", "is not known" +
                  (suggestion.empty() ? fmt::format("; known: {}", fmt::join(names, ", ")) : suggestion)};
      if (names.empty()) violation.text = "is not allowed: nothing is";
      append_pointer(violation.pointer, name);
      found.violations.push_back(std::move(violation));
    }
  };
}

std::vector<Rule> rules_of(const json& schema) {
  std::vector<Rule> rules;
  const auto argument = [&](const char* keyword) -> const json* {
    const auto found = schema.find(keyword);
    return found == schema.end() ? nullptr : &*found;
  };
  if (argument("type")) rules.push_back(type_rule(schema));
  if (const json* a = argument("required")) rules.push_back(required_rule(*a));
  if (const json* a = argument("additionalProperties"); a && *a == false && !argument("patternProperties"))
    rules.push_back(closed_rule(schema));
  if (const json* a = argument("enum")) rules.push_back(enum_rule(*a));
  if (const json* a = argument("const")) rules.push_back(const_rule(*a));
  for (const char* keyword : {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"})
    if (const json* a = argument(keyword)) rules.push_back(bound_rule(keyword, *a));
  if (const json* a = argument("multipleOf")) rules.push_back(multiple_rule(*a));
  for (const char* keyword :
       {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"})
    if (const json* a = argument(keyword)) rules.push_back(count_rule(keyword, *a));
  if (const json* a = argument("pattern")) rules.push_back(pattern_rule(*a));
  if (const json* a = argument("uniqueItems"); a && *a == true) rules.push_back(unique_rule());
  for (const char* keyword : {"dependentRequired", "dependencies"}) {
    const json* a = argument(keyword);
    if (!a) continue;
    if (!a->is_object()) refuse(keyword, "an object", *a);
    for (const auto& [name, needed] : a->items())
      if (needed.is_array() || std::string_view(keyword) == "dependentRequired")
        rules.push_back(dependent_rule(name, needed));
  }
  return rules;
}

// A float that is a whole number of 64 bits reads as that number.
void append_number(std::string& out, const json& value) {
  constexpr double kSigned = 9223372036854775808.0, kUnsigned = 18446744073709551616.0;
  const double number = value.is_number_float() && whole(value) ? value.get<double>() : kUnsigned;
  if (number >= -kSigned && number < kSigned) {
    out += std::to_string(static_cast<std::int64_t>(number));
  } else if (number >= kSigned && number < kUnsigned) {
    out += std::to_string(static_cast<std::uint64_t>(number));
  } else {
    out += dumped(value);
  }
}

void append_canonical(std::string& out, const json& value, std::size_t bytes_max) {
  if (out.size() > bytes_max) return;
  if (value.is_object()) {
    out += '{';
    for (const auto& [name, member] : value.items()) {  // nlohmann::json keeps keys sorted
      out += dumped(name);
      out += ':';
      append_canonical(out, member, bytes_max);
      out += ',';
      if (out.size() > bytes_max) return;
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (const json& item : value) {
      append_canonical(out, item, bytes_max);
      out += ',';
      if (out.size() > bytes_max) return;
    }
    out += ']';
  } else if (value.is_number()) {
    append_number(out, value);
  } else if (value.is_string() && value.get_ref<const std::string&>().size() > bytes_max) {
    out.append(bytes_max + 1, '"');  // longer than what it is compared with, quotes not counted
  } else {
    out += dumped(value);
  }
}

}  // namespace

Result<std::vector<Rule>> make_rules(const nlohmann::json& schema) {
  try {
    return rules_of(schema);
  } catch (const Failure& failure) {
    return fail(ErrorCode::invalid, failure.text);
  }
}

Rule nothing_allowed() {
  return [](const json&, Findings& found) { found.violations.push_back({"", "is not allowed here"}); };
}

void append_pointer(std::string& pointer, std::string_view name) {
  pointer += '/';
  for (char c : name) {
    if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += c;
  }
}

std::string shown(const nlohmann::json& value) {
  if (value.is_object()) return value.empty() ? "an empty object" : "an object";
  if (value.is_array()) return value.empty() ? "an empty array" : fmt::format("an array of {}", value.size());
  if (value.is_string() && value.get_ref<const std::string&>().size() > 2 * kShownBytes)
    return clipped(dumped(value.get_ref<const std::string&>().substr(0, 2 * kShownBytes)));
  return clipped(dumped(value));
}

std::string canonical(const nlohmann::json& value, std::size_t bytes_max) {
  std::string out;
  append_canonical(out, value, bytes_max);
  return out;
}

}  // namespace troupe::tools

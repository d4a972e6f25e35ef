#include "agents/teams/patterns/conditions.h"

#include "agents/guardrails/pattern_search.h"
#include "agents/react/parser/delta_writer.h"
#include "agents/teams/blackboard.h"
#include "agents/teams/limits.h"
#include "models/builtin/utf8.h"
#include "runtime/base/ascii.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using Test = ConditionSettings::Test;

std::string_view word(Test test) {
  switch (test) {
    case Test::equals:
      return "equals";
    case Test::differs:
      return "differs from";
    case Test::contains:
      return "contains";
    case Test::matches:
      return "matches";
    case Test::less:
      return "is less than";
    case Test::more:
      return "is more than";
    case Test::in:
      return "is in";
    case Test::exists:
      break;
  }
  return "exists";
}

std::string shown(const Json& value) {
  const std::string text = dump(value);
  const auto clipped = models::builtin::clip(text, limits::kConditionShownBytes);
  return fmt::format("{}{}", clipped, clipped.size() < text.size() ? "…" : "");
}

bool about_texts(const ConditionSettings& condition) {
  if (condition.test == Test::contains || condition.test == Test::matches || condition.test == Test::exists)
    return true;
  return condition.value.is_string() ||
         (condition.value.is_array() && std::ranges::any_of(condition.value, &Json::is_string));
}

std::optional<Json> found(const ConditionSettings& condition, const std::string& node,
                          const NodeOutputs& outputs, const Blackboard& board) {
  std::optional<Json> value;
  if (node.starts_with(kOfBoard)) {
    const BoardValue* kept = board.find(std::string_view(node).substr(kOfBoard.size()));
    if (!kept) return value;
    value = kept->value;
  } else {
    const auto it = outputs.find(node);
    if (it == outputs.end()) return value;
    const auto text = models::builtin::clip(models::builtin::trim(it->second.text), limits::kConditionBytes);
    if (condition.pointer.empty() && about_texts(condition) && !text.empty()) return Json(std::string(text));
    value = data_of(it->second);
    if (value->is_null() && condition.pointer.empty()) {
      if (text.empty()) return std::nullopt;
      value = std::string(text);
    }
  }
  const Json* inside = at_pointer(*value, condition.pointer);
  if (!inside) return std::nullopt;
  return Json(*inside);
}

std::optional<double> number(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.get_ref<const std::string&>();
  double read = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(read)) return std::nullopt;
  return read;
}

// What a model writes is a text, also where it means a number, yes or no.
bool same(const Json& value, const Json& wanted) {
  if (value.is_string() && wanted.is_number()) return number(value) == wanted.get<double>();
  if (value.is_string() && wanted.is_boolean())
    return lower(value.get_ref<const std::string&>()) == (wanted.get<bool>() ? "true" : "false");
  return value == wanted;
}

bool has(const Json& list, const Json& wanted) {
  return std::ranges::any_of(list, [&](const Json& one) { return same(one, wanted) || same(wanted, one); });
}

bool contains(const Json& value, const Json& wanted) {
  if (value.is_string() && wanted.is_string())
    return value.get_ref<const std::string&>().contains(wanted.get_ref<const std::string&>());
  if (value.is_array()) return has(value, wanted);
  return value.is_object() && wanted.is_string() && value.contains(wanted.get_ref<const std::string&>());
}

// Sets `told` when it could not be found out.
bool matches(const Json& value, const Json& wanted, std::string& told) {
  auto pattern =
      tools::Pattern::compile(wanted.is_string() ? wanted.get_ref<const std::string&>() : dump(wanted));
  if (!pattern) {
    told = fmt::format(" ({})", pattern.error().message);
    return false;
  }
  const std::string all = value.is_string() ? value.get<std::string>() : dump(value);
  const std::string text = valid_utf8(models::builtin::clip(all, limits::kConditionBytes));
  PatternSearch search(*pattern, text);
  auto state = PatternSearch::State::searching;
  for (std::size_t i = 0; i < limits::kConditionParts && state == PatternSearch::State::searching; ++i)
    state = search.step();
  if (state == PatternSearch::State::too_hard || state == PatternSearch::State::searching)
    told = " (too hard to find out)";
  return state == PatternSearch::State::found;
}

bool holds(const ConditionSettings& condition, const std::optional<Json>& value, std::string& told) {
  const Json& wanted = condition.value;
  if (!value) return condition.test == Test::differs;
  switch (condition.test) {
    case Test::equals:
      return same(*value, wanted);
    case Test::differs:
      return !same(*value, wanted);
    case Test::contains:
      return contains(*value, wanted);
    case Test::matches:
      return matches(*value, wanted, told);
    case Test::less:
    case Test::more: {
      const auto left = number(*value);
      const auto right = number(wanted);
      return left && right && (condition.test == Test::less ? *left < *right : *left > *right);
    }
    case Test::in:
      return wanted.is_array() && has(wanted, *value);
    case Test::exists:
      break;
  }
  return !value->is_null();
}

// The inside of a text that is one fenced block, else the text.
std::string_view unfenced(std::string_view text) {
  text = models::builtin::trim(text);
  if (!text.starts_with("```") || !text.ends_with("```") || text.size() < 7) return text;
  const auto line = text.find('\n');
  if (line == text.npos) return text;
  return models::builtin::trim(text.substr(line, text.size() - 3 - line));
}

}  // namespace

Json data_of(const NodeOutput& output) {
  if (!output.data.is_null()) return output.data;
  const auto text = unfenced(output.text);
  if (!text.starts_with('{') && !text.starts_with('[')) return nullptr;
  auto read = parse_json(text);
  return read ? std::move(*read) : Json(nullptr);
}

const Json* at_pointer(const Json& value, std::string_view pointer) {
  const Json* at = &value;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    std::string part;
    for (std::size_t i = 0; i < end; ++i) {
      const bool escaped =
          pointer[i] == '~' && i + 1 < end && (pointer[i + 1] == '0' || pointer[i + 1] == '1');
      part += escaped ? (pointer[++i] == '0' ? '~' : '/') : pointer[i];
    }
    pointer.remove_prefix(end);
    if (at->is_array()) {
      std::size_t index = 0;
      const auto [last, error] = std::from_chars(part.data(), part.data() + part.size(), index);
      const bool leading_zero = part.size() > 1 && part.front() == '0';
      if (error != std::errc() || last != part.data() + part.size() || leading_zero || index >= at->size())
        return nullptr;
      at = &(*at)[index];
    } else {
      at = find(*at, part);
      if (!at) return nullptr;
    }
  }
  return at;
}

EdgeVerdict judge(const ConditionSettings& condition, std::string_view from, const NodeOutputs& outputs,
                  const Blackboard& board) {
  using Kind = ConditionSettings::Kind;
  if (condition.kind != Kind::compare) {
    const bool all = condition.kind == Kind::all;
    EdgeVerdict judged{.applies = all};
    for (const ConditionSettings& part : condition.parts) {
      const EdgeVerdict one = judge(part, from, outputs, board);
      judged.applies = all ? judged.applies && one.applies : judged.applies || one.applies;
      judged.told += fmt::format("{}{}", judged.told.empty() ? "" : all ? " and " : " or ", one.told);
    }
    if (condition.kind != Kind::negation) return {judged.applies, fmt::format("({})", judged.told)};
    return {!judged.applies, fmt::format("not ({})", judged.told)};
  }
  const std::string node = condition.of.empty() ? std::string(from) : condition.of;
  const auto value = found(condition, node, outputs, board);
  std::string note;
  EdgeVerdict judged{.applies = holds(condition, value, note)};
  judged.told = fmt::format("{}{} {}", node, condition.pointer, word(condition.test));
  if (condition.test != Test::exists) judged.told += " " + shown(condition.value);
  judged.told += fmt::format("{}: it {}", note, value ? "is " + shown(*value) : "is not there");
  return judged;
}

}  // namespace troupe::agents

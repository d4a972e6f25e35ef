#include "memory/evaluation/case_values.h"

#include "memory/evaluation/cases.h"
#include "models/builtin/utf8.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace troupe::memory {

namespace {

constexpr std::size_t kExcerptBytes = 60;

bool is_blank_text(std::string_view text) {
  return models::builtin::trim(text).empty();
}

std::unexpected<Error> is_no(const Json& value, std::string_view expected) {
  return fail(ErrorCode::invalid, "is " + excerpt_of(value) + "; " + std::string(expected) + " was expected");
}

Result<> add_expected(const Json& value, std::vector<std::string>& texts, std::set<std::string>& seen) {
  constexpr std::string_view kExpected = "a text, a number, a list of these or {\"text\": […]}";
  if (value.is_object() && value.contains("text")) return add_expected(value["text"], texts, seen);
  if (value.is_array()) {
    for (const Json& one : value)
      if (auto added = add_expected(one, texts, seen); !added) return added;
    return {};
  }
  if (!value.is_string() && !value.is_number() && !value.is_boolean()) return is_no(value, kExpected);
  std::string text = value.is_string() ? value.get<std::string>() : dump(value);
  if (is_blank_text(text))
    return fail(ErrorCode::invalid, "holds a blank text, which no answer can be held against");
  if (seen.insert(text).second) texts.push_back(std::move(text));
  return {};
}

Result<int> grade_of(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  const double grade = value.is_number() ? value.get<double>() : -1;
  if (grade < 0 || grade > kGradeMax || grade != std::floor(grade))
    return is_no(value, "a whole number from 0 to " + std::to_string(kGradeMax));
  return static_cast<int>(grade);
}

}  // namespace

std::string excerpt_of(const Json& value) {
  const std::string text = dump(value);
  const std::string_view clipped = models::builtin::clip(text, kExcerptBytes);
  return std::string(clipped) + (clipped.size() < text.size() ? "…" : "");
}

Result<std::string> case_input(const Json& value) {
  constexpr std::string_view kExpected = "a text (or a list of one message of a user)";
  const Json* text = &value;
  if (value.is_array() && value.size() == 1 && string_or(value[0], "role") == "user")
    text = find(value[0], "content");
  if (!text || !text->is_string()) return is_no(value, kExpected);
  if (is_blank_text(text->get_ref<const std::string&>())) return fail(ErrorCode::invalid, "is blank");
  return text->get<std::string>();
}

Result<std::vector<std::string>> case_expected(const Json& value) {
  std::vector<std::string> texts;
  std::set<std::string> seen;
  if (auto added = add_expected(value, texts, seen); !added) return std::unexpected(added.error());
  if (texts.empty()) return fail(ErrorCode::invalid, "is empty; at least one text was expected");
  return texts;
}

Result<Relevance> case_relevant(const Json& value) {
  Relevance relevant;
  if (value.is_object()) {
    for (const auto& [id, grade] : value.items()) {
      const auto read = grade_of(grade);
      if (!read) return fail(ErrorCode::invalid, "has a grade of `" + id + "` that " + read.error().message);
      relevant[id] = *read;
    }
    return relevant;
  }
  if (!value.is_array()) return is_no(value, "a list of ids or an object of id and grade");
  for (const Json& one : value) {
    const auto id = case_id(one);
    if (!id) return fail(ErrorCode::invalid, "has an element that " + id.error().message);
    relevant[*id] = 1;
  }
  return relevant;
}

Result<std::string> case_id(const Json& value) {
  if (value.is_number_integer()) return dump(value);
  if (!value.is_string() || is_blank_text(value.get_ref<const std::string&>()))
    return is_no(value, "an id (a text or a whole number)");
  return value.get<std::string>();
}

}  // namespace troupe::memory

#include "models/builtin/schema_answer.h"

#include "models/builtin/shared_words.h"
#include "models/builtin/team_phrases.h"
#include "models/builtin/topic.h"
#include "models/builtin/utf8.h"
#include "models/builtin/words.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace troupe::models::builtin {

namespace {

constexpr int kDepth = 6;
constexpr std::size_t kItems = 10;
constexpr std::size_t kHeardSentences = 400;

bool is_well(std::string_view low) {
  return contains_any(
      low, {"no problem",    "no issue",   "no error",  "no warning",  "no defect",      "no bug",
            "0 problem",     "0 error",    "0 issue",   "0 warning",   "nothing to fix", "nothing wrong",
            "without error", "looks good", "all good",  "all is well", "문제 없",        "문제가 없",
            "이상 없",       "오류 없",    "오류가 없", "이상이 없"});
}

bool is_bad(std::string_view low) {
  return contains_any(low, {"not approved", "not accepted", "rejected", "error", "problem", "issue",
                            "warning", "fail", "wrong", "bug", "missing", "must be fixed", "needs work",
                            "not ok", "문제", "오류", "실패", "반려", "고쳐"});
}

bool is_good(std::string_view low) {
  for (const Word& word : words(low, 400))
    for (const std::string_view good :
         {"approved", "approve", "accepted", "accept", "ok", "okay", "passed", "pass", "clean", "yes", "fine",
          "valid", "lgtm", "success", "승인", "통과", "정상"})
      if (word.low == good || strip_particle(word.low) == good) return true;
  return false;
}

bool names_bad(std::string_view name) {
  const std::string low = lower(name);
  return contains_any(low, {"problem", "issue", "error", "fail", "fix", "bug", "reject", "revis", "defect",
                            "warning", "redo", "retry", "again", "more", "문제", "오류"});
}

bool is_reason(std::string_view name) {
  return contains_any(lower(name), {"reason", "why", "explanation", "rationale", "comment", "이유", "근거"});
}

std::string about(std::string_view name, const Json& schema) {
  return fmt::format("{} {}", name, string_or(schema, "description"));
}

std::vector<std::string_view> told_sentences(std::string_view text) {
  std::vector<std::string_view> told;
  for (std::string_view one : sentences(text, kHeardSentences)) {
    for (const std::string_view mark : {"- ", "* "})
      if (one.starts_with(mark)) one = trim(one.substr(2));
    if (!one.empty() && !one.starts_with('#') && !one.ends_with(':')) told.push_back(one);
  }
  return told;
}

class Filling {
 public:
  explicit Filling(const SchemaSource& source) : source_(source), heard_(phrases::told_in(source.heard)) {}

  std::optional<Json> value(std::string_view name, const Json& schema, int depth) const {
    if (!schema.is_object() || depth > kDepth) return std::nullopt;
    if (const Json* one = find(schema, "const")) return *one;
    if (const Json* choices = find(schema, "enum"); choices && choices->is_array() && !choices->empty())
      return choice(name, *choices);
    const std::string type = type_of(schema);
    if (type == "object") return object(schema, depth);
    if (type == "array") return list(name, schema, depth);
    if (type == "boolean") return says_well(heard_).value_or(false) != names_bad(name);
    if (type == "string") return text(name, schema);
    if (type == "integer" || type == "number") return number(schema, type == "integer");
    return type == "null" ? std::optional<Json>(nullptr) : std::nullopt;
  }

 private:
  static std::string type_of(const Json& schema) {
    const Json* type = find(schema, "type");
    if (!type) return find(schema, "properties") ? "object" : "";
    if (type->is_array() && !type->empty()) type = &type->front();
    return type->is_string() ? type->get<std::string>() : "";
  }

  std::optional<Json> object(const Json& schema, int depth) const {
    Json made = Json::object();
    const Json* properties = find(schema, "properties");
    if (!properties || !properties->is_object()) return made;
    const Json* required = find(schema, "required");
    const bool all = !required || !required->is_array() || required->empty();
    for (const auto& [name, one] : properties->items()) {
      if (!all && std::ranges::find(*required, Json(name)) == required->end()) continue;
      auto filled = value(name, one, depth + 1);
      if (!filled) return std::nullopt;
      made[name] = std::move(*filled);
    }
    return made;
  }

  Json choice(std::string_view name, const Json& choices) const {
    const auto well = says_well(heard_);
    const Json* best = nullptr;
    std::size_t most = 0;
    const std::vector<std::string> stems = content_stems(heard_);
    for (const Json& one : choices) {
      if (!one.is_string()) continue;
      const std::string low = lower(one.get_ref<const std::string&>());
      if (well && (*well ? is_good(low) && !is_bad(low) : names_bad(low) || is_bad(low))) return one;
      const std::size_t met = shared(content_stems(low), stems);
      if (met > most) best = &one, most = met;
    }
    return best ? *best : choices.front();
  }

  std::string best_sentence(std::string_view wanted) const {
    const std::vector<std::string> stems = content_stems(wanted);
    std::string_view best;
    std::size_t most = 0;
    for (const std::string_view one : told_sentences(heard_))
      if (const std::size_t met = shared(stems, content_stems(one)); met > most) best = one, most = met;
    return std::string(best);
  }

  Json text(std::string_view name, const Json& schema) const {
    std::string made = is_reason(name) ? why_well(heard_) : best_sentence(about(name, schema));
    if (made.empty()) made = trim(source_.answer);
    if (const Json* most = find(schema, "maxLength"); most && most->is_number_unsigned())
      made = clip(made, most->get<std::size_t>());
    return made;
  }

  std::optional<Json> list(std::string_view name, const Json& schema, int depth) const {
    const Json* items = find(schema, "items");
    const Json least = schema.contains("minItems") ? schema.at("minItems") : Json(0);
    std::size_t most = kItems;
    if (const Json* given = find(schema, "maxItems"); given && given->is_number_unsigned())
      most = std::min(most, given->get<std::size_t>());
    Json made = Json::array();
    if (!items || type_of(*items) == "string") {
      for (const std::string_view one : told_sentences(heard_)) {
        if (made.size() >= most) break;
        const std::string low = lower(one);
        if (!names_bad(name) || (is_bad(low) && !is_well(low))) made.push_back(std::string(one));
      }
      return made;
    }
    if (!least.is_number() || least.get<double>() < 1) return made;
    auto one = value(name, *items, depth + 1);
    if (!one) return std::nullopt;
    made.push_back(std::move(*one));
    return made;
  }

  Json number(const Json& schema, bool whole) const {
    double found = 0;
    for (const Word& word : words(heard_))
      if (is_digit(word.text.front())) {
        if (auto read = parse_json(word.text); read && read->is_number()) {
          found = read->get<double>();
          break;
        }
      }
    if (const Json* least = find(schema, "minimum"); least && least->is_number())
      found = std::max(found, least->get<double>());
    if (const Json* most = find(schema, "maximum"); most && most->is_number())
      found = std::min(found, most->get<double>());
    if (whole) return static_cast<std::int64_t>(std::clamp(found, -9e15, 9e15));
    return found;
  }

  const SchemaSource& source_;
  std::string heard_;
};

}  // namespace

std::optional<bool> says_well(std::string_view heard) {
  const std::string low = lower(heard);
  bool well = is_well(low);
  for (const std::string_view one : told_sentences(low)) {
    if (is_well(one)) continue;
    if (is_bad(one)) return false;
    well = well || is_good(one);
  }
  return well ? std::optional(true) : std::nullopt;
}

std::string why_well(std::string_view heard) {
  if (const auto well = says_well(heard))
    for (const std::string_view one : told_sentences(heard))
      if (says_well(one) == well) return std::string(one);
  return phrases::says_neither(language_of(heard));
}

std::optional<Json> schema_answer(const Json& schema, const SchemaSource& source) {
  return Filling(source).value("", schema, 0);
}

}  // namespace troupe::models::builtin

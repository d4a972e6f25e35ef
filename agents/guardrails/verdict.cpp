#include "agents/guardrails/verdict.h"

#include "agents/guardrails/limits.h"
#include "agents/guardrails/rule.h"
#include "agents/react/parser/json_reader.h"
#include "agents/strategies/untrusted.h"
#include "runtime/base/ascii.h"
#include "tools/observation.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::string_view kForm =
    "reply with exactly one JSON object: {\"pass\": true or false, \"reason\": \"one sentence\"}";

std::optional<bool> truth(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (!value.is_string()) return std::nullopt;
  const std::string word = lower(value.get_ref<const std::string&>());
  if (word == "true" || word == "yes") return true;
  if (word == "false" || word == "no") return false;
  return std::nullopt;
}

/// What a reply says, in all of its objects together.
class Verdicts {
 public:
  void collect(const Json& value, bool unsure) {
    if (const Json* pass = find(value, "pass")) return add(*pass, string_or(value, "reason"), unsure);
    for (const Json& member : value)
      if (member.is_structured()) collect(member, unsure);
  }

  Result<Judgement> take() {
    if (unclear_) return fail(ErrorCode::invalid, fmt::format("`pass` is neither true nor false; {}", kForm));
    if (!judgement_) return fail(ErrorCode::invalid, fmt::format("there is no verdict in it; {}", kForm));
    return std::move(*judgement_);
  }

 private:
  void add(const Json& pass, const std::string& reason, bool unsure) {
    const std::optional<bool> said = truth(pass);
    if (!said || unsure) unclear_ = true;
    if (!said || (judgement_ && (!judgement_->pass || *said))) return;
    judgement_ = Judgement{*said, std::string(tools::beginning(reason, limits::kRuleReasonBytes))};
  }

  std::optional<Judgement> judgement_;
  bool unclear_ = false;
};

// `{"pass": true or false}` and `{"pass": true, "pass": false}` can be mended, but not into what was meant.
bool doubtful(const JsonReader& reader) {
  return std::ranges::any_of(reader.repairs(), [](const std::string& repair) {
    return repair == "duplicate key" || repair == "unexpected text";
  });
}

}  // namespace

Result<Judgement> read_judgement(std::string_view reply) {
  Verdicts verdicts;
  std::size_t objects = 0;
  for (std::size_t at = reply.find('{'); at != reply.npos; at = reply.find('{', at)) {
    if (++objects > limits::kVerdictObjects)
      return fail(ErrorCode::invalid, fmt::format("there is more JSON than a verdict needs; {}", kForm));
    JsonReader reader(at);
    reader.read(reply, true);
    if (reader.value().is_object()) verdicts.collect(reader.value(), doubtful(reader));
    // What stands inside of a string is no verdict, so a whole object is not looked into again.
    at = reader.value().is_object() ? std::max(at + 1, reader.position()) : at + 1;
  }
  return verdicts.take();
}

models::Message judged_to_message(const Judged& judged) {
  Json shown = Json::object();
  if (!judged.question.empty())
    shown["question"] = tools::beginning(judged.question, limits::kJudgedQuestionBytes);
  shown["text"] = judged.text;
  if (!judged.beside.empty()) shown["beside"] = judged.beside;
  return {.role = models::Role::user, .content = untrusted_json(shown)};
}

}  // namespace troupe::agents

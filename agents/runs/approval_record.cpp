#include "agents/runs/approval_record.h"

#include "agents/runs/unknown_outcome.h"
#include "runtime/config/scalar.h"
#include "tools/question.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

Event required_event(const RunRecord& record, int step, const AskedCall& asked) {
  Event required = record.event("approval.required", step);
  required.fields = {{"call", asked.call}, {"tool", asked.tool}, {"input", asked.input}};
  if (asked.question) required.fields["question"] = tools::question_of(asked.input).text;
  if (asked.again) required.fields["reason"] = why_asked_again();
  return required;
}

store::Fact pending_fact(const RunRecord& record, int step, const AskedCall& asked, Milliseconds used,
                         std::int64_t asked_ms) {
  Json fact = {{"call", asked.call}, {"used_ms", used.count()}, {"asked_ms", asked_ms}};
  if (asked.again) fact[kAgainField] = true;
  return record.fact("approval.pending", step, fact);
}

void add_decision(const RunRecord& record, int step, const AskedCall& asked, const Verdict& verdict,
                  store::Append& append) {
  Event decided = record.event(verdict.approved ? "approval.given" : "approval.denied", step);
  decided.fields = {{"call", asked.call},
                    {"tool", asked.tool},
                    {"input", verdict.input ? *verdict.input : asked.input},
                    {"by", verdict.by}};
  Json fact = {{"call", asked.call}, {"approved", verdict.approved}, {"by", verdict.by}};
  if (verdict.input) fact["input"] = *verdict.input;
  if (!verdict.reason.empty()) fact["reason"] = decided.fields["reason"] = verdict.reason;
  if (verdict.stop) fact["stop"] = true;
  if (asked.question) fact["answer"] = true;
  if (asked.again) fact[kAgainField] = true;
  append.events.push_back(std::move(decided));
  append.facts.push_back(record.fact("approval.decided", step, fact));
}

Verdict verdict_of_time(const AskedCall& asked, const PeopleSettings& people,
                        const std::string& default_answer) {
  Verdict verdict{.reason = fmt::format("nobody {} within {}", asked.question ? "answered" : "decided",
                                        config::show_duration(people.timeout)),
                  .by = std::string(kByTimeout)};
  if (asked.question && !default_answer.empty())
    if (auto input = tools::answered(asked.input, Json{{"answer", default_answer}})) {
      verdict.approved = true;
      verdict.input = std::move(*input);
      return verdict;
    }
  verdict.stop = people.on_timeout == OnTimeout::stop;
  return verdict;
}

std::string told_denial(const AskedCall& asked, const Verdict& verdict) {
  if (asked.again) return told_not_repeated(verdict);
  if (verdict.by == kByTimeout)
    return verdict.reason + ". Do not make the same call again; go on without it or say what is missing.";
  const std::string_view what = asked.question ? "a person declined to answer" : "a person denied this call";
  if (!verdict.reason.empty()) return fmt::format("{}: {}", what, verdict.reason);
  return fmt::format("{}. Do not {} again; go on without it or say what is missing.", what,
                     asked.question ? "ask" : "make it");
}

}  // namespace troupe::agents

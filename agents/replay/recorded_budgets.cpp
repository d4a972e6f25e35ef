#include "agents/replay/recorded_budgets.h"

#include <algorithm>

namespace troupe::agents {

namespace {

std::string request_of(const Answer& answer) {
  switch (answer.kind) {
    case Answer::Kind::step:
      return model_request();
    case Answer::Kind::judge:
      return "guard " + answer.call;
    case Answer::Kind::chain:
      return chain_request(answer.call);
    default:
      return "";
  }
}

}  // namespace

// What was asked there the next time, and nobody has asked for yet.
const Answer* RecordedBudgets::next_request(const BudgetQuestion& question) const {
  const std::string run = names_.recorded(question.run);
  for (const Answer& one : answers_.all)
    if (!one.given && one.run == run && one.step == question.step && request_of(one) == question.of)
      return &one;
  return nullptr;
}

std::optional<LimitReached> RecordedBudgets::refused(const BudgetQuestion& question) {
  const std::string run = names_.recorded(question.run);
  const auto refusal = std::ranges::find_if(answers_.refusals, [&](const Answers::Refused& one) {
    return !one.given && one.run == run && one.step == question.step && one.of == question.of;
  });
  if (refusal == answers_.refusals.end()) return std::nullopt;
  if (const Answer* before = next_request(question); before && before->asked_at < refusal->at)
    return std::nullopt;
  refusal->given = true;
  return refusal->budget;
}

std::string RecordedBudgets::entry(const BudgetQuestion& question) {
  const Answer* next = next_request(question);
  return next ? next->entry : "";
}

}  // namespace troupe::agents

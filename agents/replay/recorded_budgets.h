#pragma once

#include "agents/budgets/past_decisions.h"
#include "agents/replay/answers.h"
#include "agents/replay/cues.h"
#include "agents/replay/run_names.h"

namespace troupe::agents {

/// What shared budgets decided, as the record of a run has it. Loop thread only.
class RecordedBudgets final : public PastDecisions {
 public:
  /// All outlive it.
  RecordedBudgets(Answers& answers, const RunNames& names, const Cues& cues)
      : answers_(answers), names_(names), cues_(cues) {}

  std::optional<LimitReached> refused(const BudgetQuestion& question) override;
  std::string entry(const BudgetQuestion& question) override;
  std::optional<LimitReached> reached() override { return cues_.spent; }

 private:
  const Answer* next_request(const BudgetQuestion& question) const;

  Answers& answers_;
  const RunNames& names_;
  const Cues& cues_;
};

}  // namespace troupe::agents

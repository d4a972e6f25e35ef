#pragma once

#include "agents/budgets/past_decisions.h"
#include "agents/runs/run_record.h"
#include "runtime/store/journal.h"

#include <string>

namespace troupe::agents {

/// kRefusedFact of a request. It belongs in the append that has what the refusal led to.
inline store::Fact refusal_fact(const RunRecord& record, int step, const std::string& of,
                                const LimitReached& reached) {
  return record.fact(kRefusedFact, step,
                     {{"of", of}, {"reason", reached.reason}, {"detail", reached.detail}});
}

}  // namespace troupe::agents

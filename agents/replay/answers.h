#pragma once

#include "agents/react/budget.h"
#include "agents/replay/answer.h"
#include "agents/replay/recording.h"
#include "agents/runs/stop_fact.h"
#include "runtime/base/result.h"

#include <deque>
#include <string>
#include <vector>

namespace troupe::agents {

/// Everything that came from outside while a recorded run was at work, in no order of its own: each answer
/// says where in the log it stands.
struct Answers {
  std::deque<Answer> all;  ///< addresses stay
  /// A stop of a run from outside, with its place in the log.
  struct Stopped {
    std::string run;
    RunStopped what;
    std::int64_t at = 0;
  };
  std::vector<Stopped> stops;  ///< in the order they came
  /// A request that a shared budget had no room for, with its place in the log.
  struct Refused {
    std::string run;
    int step = 0;
    std::string of;  ///< as BudgetQuestion
    LimitReached budget;
    std::int64_t at = 0;
    bool given = false;
  };
  std::vector<Refused> refusals;
  std::string inexact;  ///< why the record does not say enough for a replay; "": it does
};

/// Reads them out of the lines of a recording. Pure. Errors: store (a line that does not parse: the journal
/// is damaged).
Result<Answers> read_answers(const Recording& recording);

}  // namespace troupe::agents

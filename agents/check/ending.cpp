#include "agents/check/run_checks.h"

#include <fmt/format.h>

namespace troupe::agents {

void check_ending(const History& history, RunFindings& findings) {
  const Record* end = nullptr;
  for (const Record& record : history.records) {
    if (record.fact) continue;
    if (end && record.is("run.finished"))
      findings.add("I5", record.n, fmt::format("it ends again; it had ended at {}", end->n),
                   "clients were told two ends of one run");
    else if (end)
      findings.add("I5", record.n, fmt::format("{} follows on its end at {}", record.type, end->n),
                   "clients were told something of a run that was over");
    if (!end && record.is("run.finished")) end = &record;
  }
  if (history.row.finished() && !end)
    findings.add("I5", history.row.last_seq, "its row says that it has ended, and there is no run.finished",
                 "whoever follows the run waits for an end that does not come");
  if (!history.row.finished() && end)
    findings.add("I5", end->n, "it has ended, and its row says that it has not",
                 "the next start takes up a run that is over");
}

}  // namespace troupe::agents

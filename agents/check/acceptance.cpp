#include "agents/check/run_checks.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

void check_acceptance(const History& history, RunFindings& findings) {
  constexpr std::string_view kMeans =
      "the run was acknowledged to its client, and the journal does not have its acceptance";
  const auto first = std::ranges::find(history.records, false, &Record::fact);
  if (first == history.records.end())
    return findings.add("I1", history.row.first_seq, "the run has a row and no event", kMeans);
  if (first->type != "run.queued" && first->type != "run.started")
    return findings.add(
        "I1", first->n,
        fmt::format("its first event is {} rather than run.queued or run.started", first->type), kMeans);
  if (first->n != history.row.first_seq)
    findings.add("I1", first->n,
                 fmt::format("it begins at {}, its row says {}", first->n, history.row.first_seq), kMeans);
}

}  // namespace troupe::agents

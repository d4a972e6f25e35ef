#include "agents/chains/recorded_chain.h"
#include "agents/check/run_checks.h"
#include "agents/check/run_machine.h"
#include "agents/compaction/compacted.h"
#include "agents/runs/recorded_run.h"
#include "agents/teams/recorded_team.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

/// As who takes the run up would fold it. Which of them it is says its target; all of them pass over what is
/// not theirs.
Result<> folds(const History& history, std::size_t count) {
  const auto facts = history.facts(count);
  const auto events = history.events(count);
  if (auto run = fold_run(facts, events); !run) return fail(std::move(run.error()));
  const auto has = [&facts](std::string_view prefix) {
    return std::ranges::any_of(facts, [&](const store::Fact& fact) { return fact.kind.starts_with(prefix); });
  };
  if (has("chain."))
    if (auto chain = fold_chain(facts, events); !chain) return fail(std::move(chain.error()));
  if (has("team."))
    if (auto team = fold_team(facts, events); !team) return fail(std::move(team.error()));
  return {};
}

std::string place(const Record& record) {
  return record.fact ? fmt::format("fact {} ({})", record.n, record.type)
                     : fmt::format("event {} ({})", record.n, record.type);
}

}  // namespace

void check_beginnings(const History& history, bool every_beginning, RunFindings& findings) {
  constexpr std::string_view kMeans = "a start that takes the run up there cannot go on with it";
  const bool compacted = compacted_in(history).has_value();
  RunMachine machine(history.imported());
  for (const Record& record : history.records) {
    if (compacted && record.fact) continue;
    if (auto why = machine.take(record))
      findings.add("I8", record.fact ? 0 : record.n, fmt::format("{}: {}", place(record), *why), kMeans);
  }

  if (compacted) return;  // nobody takes it up
  const std::size_t whole = history.records.size();
  for (std::size_t count = every_beginning ? 1 : whole; count <= whole; ++count) {
    auto folded = folds(history, count);
    if (folded) continue;
    findings.add("I8", 0, fmt::format("its first {} records do not fold: {}", count, folded.error().message),
                 kMeans);
    return;
  }
}

}  // namespace troupe::agents

#include "agents/compaction/plan.h"

#include "agents/check/spending.h"
#include "agents/compaction/compacted.h"
#include "runtime/store/gap.h"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::agents {

namespace {

constexpr std::array<std::string_view, 6> kStays = {"memory.block", "memory.step", "memory.intent",
                                                    "memory.used",  "tool.ends",   kCompacted};

/// Facts with numbers that follow on one another.
struct Range {
  std::int64_t from = 0;
  std::int64_t through = 0;
  std::size_t count = 0;
  std::size_t bytes = 0;
};

bool takes(const Range& range, const Record& fact) {
  return fact.n == range.through + 1 && range.count < kDroppedAtOnce &&
         range.bytes + fact.text.size() <= kDroppedBytesAtOnce;
}

std::vector<Range> ranges_of(const History& history, bool requests_stay) {
  std::vector<Range> ranges;
  for (const Record& record : history.records) {
    if (!record.fact || stays(record.type) || (requests_stay && record.type == "model.intent")) continue;
    if (ranges.empty() || !takes(ranges.back(), record)) ranges.push_back({.from = record.n});
    Range& range = ranges.back();
    range.through = record.n;
    ++range.count;
    range.bytes += record.text.size();
  }
  return ranges;
}

Compacted summary_of(const History& history, const CompactionPlan& plan, std::int64_t wall_ms) {
  const Told told = told_by_facts(history);
  return {.at_ms = wall_ms,
          .facts = plan.facts,
          .bytes = plan.bytes,
          .untold = told.untold,
          .untold_calls = told.untold_calls,
          .beside = told.beside,
          .beside_cost = told.beside_cost,
          .at_once = told.at_once,
          .leads = told.leads};
}

}  // namespace

bool stays(std::string_view kind) {
  return std::ranges::find(kStays, kind) != kStays.end();
}

CompactionPlan plan_compaction(const History& history, bool recalled, std::int64_t wall_ms) {
  CompactionPlan plan;
  if (!history.row.finished()) return plan;
  const bool steps =
      std::ranges::any_of(history.records, [](const Record& r) { return r.is("observation"); });
  for (const Range& range : ranges_of(history, recalled && steps)) {
    plan.facts += static_cast<std::int64_t>(range.count);
    plan.bytes += static_cast<std::int64_t>(range.bytes);
    plan.appends.emplace_back().facts.push_back(store::dropping(history.row.id, range.from, range.through));
  }
  // Behind the first that go, because those are refused where the run was forgotten meanwhile.
  if (!plan.appends.empty() && !compacted_in(history))
    plan.appends.front().facts.push_back(to_fact(summary_of(history, plan, wall_ms), history.row.id));
  return plan;
}

}  // namespace troupe::agents

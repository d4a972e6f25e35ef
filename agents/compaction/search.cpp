#include "agents/compaction/search.h"

#include "agents/check/history.h"
#include "agents/compaction/compacted.h"
#include "runtime/store/gap.h"

#include <algorithm>
#include <utility>

namespace troupe::agents {

namespace {

constexpr std::string_view kQuarantined = "quarantined";
constexpr int kDepth = 100;                  // of teams below one another
constexpr std::size_t kConfigurations = 64;  // known at once

// As a snapshot writes it, and in no text of a snapshot, where quotation marks are escaped. Where it is said
// of something else, more stays than has to.
constexpr std::string_view kRecallsSteps = R"("steps":true)";

}  // namespace

Result<CompactionSearch::Page> CompactionSearch::next(std::int64_t after, std::int64_t before_ms) {
  auto ended = reader_.ended_runs_after(after, kSearchPage);
  if (!ended) return fail(std::move(ended.error()));
  Page page;
  for (const auto& run : *ended) {
    page.last = run.number;
    auto due = is_due(run, before_ms);
    if (due && *due) due = has_what_goes(run);
    if (!due) return fail(std::move(due.error()));
    if (*due) page.runs.push_back(run.number);
  }
  return page;
}

Result<bool> CompactionSearch::is_due(const store::AuditReader::EndedRun& run, std::int64_t before_ms) {
  if (run.at_work_beside || run.finished_ms >= before_ms) return false;
  store::AuditReader::EndedRun at = run;
  for (int depth = 0; depth < kDepth; ++depth) {
    if (at.reason == kQuarantined) return false;
    if (at.parent.empty()) return at.finished_ms > 0 && at.finished_ms < before_ms;
    auto parent = reader_.ended_run(at.parent);
    if (!parent) return fail(std::move(parent.error()));
    if (!*parent) return false;
    at = std::move(**parent);
  }
  return false;
}

Result<bool> CompactionSearch::has_what_goes(const store::AuditReader::EndedRun& run) {
  auto kinds = reader_.fact_kinds(run.number);
  if (!kinds) return fail(std::move(kinds.error()));
  std::erase_if(*kinds, [](const std::string& kind) {
    return kind == store::kGap || (stays(kind) && kind != kCompacted);
  });
  const bool before = std::erase(*kinds, kCompacted) > 0;
  if (kinds->empty()) return false;
  if (!before || kinds->size() > 1 || kinds->front() != "model.intent") return true;
  auto recalled = is_recalled(run.session);
  if (!recalled) return recalled;
  return !*recalled;
}

Result<std::optional<CompactionPlan>> CompactionSearch::plan(std::int64_t run, std::int64_t wall_ms) {
  auto log = reader_.run(run);
  if (!log) return fail(std::move(log.error()));
  if (!*log || (*log)->cut) return std::optional<CompactionPlan>();
  auto row = reader_.ended_run((*log)->row.id);
  if (!row) return fail(std::move(row.error()));
  if (!*row) return std::optional<CompactionPlan>();
  auto recalled = is_recalled((*row)->session);
  if (!recalled) return fail(std::move(recalled.error()));
  return std::optional(plan_compaction(history_of(std::move(**log)), *recalled, wall_ms));
}

Result<bool> CompactionSearch::is_recalled(std::int64_t session) {
  auto hashes = reader_.configurations_of(session);
  if (!hashes) return fail(std::move(hashes.error()));
  for (const std::string& hash : *hashes) {
    auto known = recalls_.find(hash);
    if (known == recalls_.end()) {
      auto snapshot = reader_.blob(hash);
      if (!snapshot) return fail(std::move(snapshot.error()));
      if (recalls_.size() >= kConfigurations) recalls_.clear();
      known = recalls_.emplace(hash, !*snapshot || (*snapshot)->contains(kRecallsSteps)).first;
    }
    if (known->second) return true;
  }
  return false;
}

}  // namespace troupe::agents

#include "agents/runs/quarantine.h"

#include "agents/runs/facts.h"
#include "agents/runs/run_record.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

Task<Result<>> set_aside(store::Journal& journal, const Clock& clock, store::RunRow row, std::string why) {
  RunRecord record(journal, std::move(row));
  RunEnd end = co_await used_by(journal, record.row());
  end.status = "failed";
  end.reason = "quarantined";
  end.detail = why;
  store::Append last;
  record.finish(end, clock.wall_ms(), last);
  co_return co_await journal.commit(std::move(last));
}

}  // namespace

Task<RunEnd> used_by(store::Journal& journal, store::RunRow row) {
  constexpr std::size_t kAll = 100'000;  // runs of a session
  RunEnd end;
  if (auto events = co_await journal.read_run_events(row.id)) {
    for (const Frame& frame : *events) end.steps = std::max(end.steps, frame.step);
    const store::Used told = told_usage(*events);
    end.input_tokens = told.input_tokens;
    end.output_tokens = told.output_tokens;
    end.cost = told.cost;
  }
  if (auto rows = co_await journal.list_runs(row.tenant, row.session, kAll))
    for (const store::RunRow& below : *rows) {
      if (below.parent != row.id || !below.finished()) continue;
      end.input_tokens += below.input_tokens;
      end.output_tokens += below.output_tokens;
      end.cost += below.cost;
    }
  co_return end;
}

Task<Result<>> quarantine(store::Journal& journal, const Clock& clock, store::RunRow run,
                          std::vector<store::RunRow> below, std::string why) {
  log::error("a run is set aside", {{"run", run.id}, {"target", run.target}, {"why", why}});
  for (store::RunRow& row : below | std::views::reverse) {
    auto done = co_await set_aside(journal, clock, std::move(row),
                                   fmt::format("the run {} around it was set aside", run.id));
    if (!done) co_return done;
  }
  co_return co_await set_aside(journal, clock, std::move(run), std::move(why));
}

std::string why_quarantined(const ResumeCount& count, const std::vector<store::Fact>& facts) {
  const auto last = std::ranges::find_if(facts.rbegin(), facts.rend(), [](const store::Fact& fact) {
    return fact.kind != kTakenUpFact && fact.kind != kWaitsFact && fact.kind != kStoodFact;
  });
  const std::string place = last == facts.rend() ? std::string("that it was accepted")
                            : last->step > 0     ? fmt::format("`{}` of step {}", last->kind, last->step)
                                                 : fmt::format("`{}`", last->kind);
  return fmt::format(
      "taken up {} times after the daemon had ended without being asked to, and never came further; the last "
      "that the journal has of it is {}. See `troupe runs show RUN` and the log of those starts",
      count.times, place);
}

}  // namespace troupe::agents

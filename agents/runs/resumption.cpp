#include "agents/runs/resumption.h"

#include "agents/limits.h"
#include "agents/runs/quarantine.h"
#include "runtime/base/json.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <deque>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

Task<Result<std::vector<store::RunRow>>> Resumption::read(std::shared_ptr<const Catalog> current,
                                                          CatalogFinder earlier) {
  auto rows = co_await journal_.unfinished_runs();
  if (!rows) co_return rows;
  for (const store::RunRow& row : *rows)
    if (!row.parent.empty()) below_.emplace(row.parent, row);
  std::erase_if(*rows, [](const store::RunRow& row) { return !row.parent.empty(); });
  generations_.emplace(current->config, current);
  for (const store::RunRow& row : *rows) {
    if (generations_.contains(row.config)) continue;
    auto found = co_await earlier(row.config);
    generations_.emplace(row.config, std::move(found));
  }
  co_return rows;
}

// A run that never began cannot have ended anything.
Task<Result<Resumption::Outcome>> Resumption::take_up(StartingRun& run) {
  auto facts = co_await journal_.read_facts(run.row.id);
  if (run.row.status != "queued") {
    auto known = facts ? resume_count(*facts) : Result<ResumeCount>(std::unexpected(facts.error()));
    if (known && known->times > 0) known = co_await hold_against(journal_, run.row.session, *known);
    if (!known) co_return co_await leave(run.row, known.error());
    run.resumed = *known;
    if (known->times > limits::kResumesBeside) ++(known->stood ? stood_ : were_alone_);
    if (known->times >= limits::kResumes && journal_.unclean_start()) co_return Outcome::accused;
  }
  if (run.resumed.times >= limits::kResumesBeside) co_return Outcome::probation;
  co_return co_await prepare(run, std::move(facts));
}

Task<Result<Resumption::Outcome>> Resumption::judge(StartingRun& run) {
  const bool somebody_was_alone = were_alone_ > 0;
  if (run.resumed.stood && somebody_was_alone) co_return Outcome::probation;
  const int others = (somebody_was_alone ? were_alone_ : stood_) - 1;
  if (run.resumed.times < limits::kResumes + std::min(others, limits::kStormResumes))
    co_return Outcome::probation;
  auto facts = co_await journal_.read_facts(run.row.id);
  if (!facts) co_return co_await leave(run.row, facts.error());
  auto done = co_await set_aside(run.row, why_quarantined(run.resumed, *facts));
  if (!done) co_return fail(std::move(done.error()));
  co_return Outcome::left;
}

Task<Result<Resumption::Outcome>> Resumption::prepare(StartingRun& run) {
  co_return co_await prepare(run, co_await journal_.read_facts(run.row.id));
}

Task<Result<Resumption::Outcome>> Resumption::prepare(StartingRun& run,
                                                      Result<std::vector<store::Fact>> facts) {
  auto target = target_of(run.row);
  if (!target) co_return co_await leave(run.row, target.error());
  if (run.row.status != "queued")
    if (auto counted = co_await count(run, journal_.unclean_start()); !counted)
      co_return fail(std::move(counted.error()));
  if (!facts) co_return co_await leave(run.row, facts.error());
  auto events = co_await journal_.read_run_events(run.row.id);
  if (!events) co_return co_await leave(run.row, events.error());
  auto begin = (*target)->take_up(run.row, inputs_of(run.row), *facts, *events);
  if (begin) {
    run.secrets = (*generations_.at(run.row.config))->secrets;
    run.begin = std::move(*begin);
    if (run.resumed.times > 0 && !below_.contains(run.row.id) && only_waited(*facts)) {
      run.resumed.times = 0;
      waits_.facts.push_back(waits_fact(run.row.id));
    }
    co_return Outcome::ready;
  }
  // It will not be at work, so whatever ends the daemon now is another one.
  if (begin.error().code != ErrorCode::store && run.resumed.times > 0) {
    --run.resumed.times;
    if (auto counted = co_await count(run, false); !counted) co_return fail(std::move(counted.error()));
  }
  co_return co_await leave(run.row, begin.error());
}

Task<Result<>> Resumption::settle() {
  if (waits_.facts.empty()) co_return Result<>{};
  co_return co_await journal_.commit(std::exchange(waits_, {}));
}

// What the journal has of a run is broken: it ends, and others go on. A disk that fails may be better the
// next time.
Task<Result<Resumption::Outcome>> Resumption::leave(const store::RunRow& row, Error why) {
  if (why.code != ErrorCode::store) {
    log::error("a run cannot be taken up again", {{"run", row.id}, {"why", why.message}});
    co_return Outcome::left;
  }
  if (why.retryable) co_return fail(std::move(why));
  auto done = co_await set_aside(row, "the journal has something of it that cannot be read: " + why.message);
  if (!done) co_return fail(std::move(done.error()));
  co_return Outcome::left;
}

Task<Result<>> Resumption::count(StartingRun& run, bool raise) {
  auto seq = co_await journal_.last_seq(run.row.session);
  if (!seq) co_return fail(std::move(seq.error()));
  run.resumed = {.epoch = journal_.epoch(), .times = run.resumed.times + (raise ? 1 : 0), .seq = *seq};
  store::Append append;
  append.facts.push_back(to_fact(run.resumed, run.row.id));
  co_return co_await journal_.commit(std::move(append));
}

Task<Result<>> Resumption::set_aside(const store::RunRow& row, std::string why) {
  std::vector<store::RunRow> below;
  std::deque<std::string> open{row.id};
  for (; !open.empty(); open.pop_front()) {
    const auto [first, last] = below_.equal_range(open.front());
    for (auto at = first; at != last; ++at) {
      below.push_back(at->second);
      open.push_back(at->second.id);
    }
  }
  co_return co_await quarantine(journal_, clock_, row, std::move(below), std::move(why));
}

// The target that the run began with.
Result<std::shared_ptr<const RunTarget>> Resumption::target_of(const store::RunRow& row) const {
  const auto& catalog = generations_.at(row.config);
  if (!catalog) {
    Error why = catalog.error();
    why.code = ErrorCode::unavailable;  // not the journal's
    return within("the configuration it began with", std::move(why));
  }
  auto target = find_target(**catalog, row.target);
  if (!target)
    return fail(ErrorCode::not_found,
                fmt::format("there is no `{}` in the configuration it began with", row.target));
  return target;
}

}  // namespace troupe::agents

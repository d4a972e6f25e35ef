#include "agents/forks/history.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr int kLooks = 8;  // at a run that is at work, until it stands still for one

Task<Result<std::vector<PastEvent>>> events_of(store::Journal& journal, const std::string& run) {
  auto frames = co_await journal.read_run_events(run);
  if (!frames) co_return fail(std::move(frames.error()));
  std::vector<PastEvent> events;
  for (const Frame& frame : *frames)
    events.push_back({.seq = frame.seq, .type = frame.type, .step = frame.step, .text = *frame.text});
  co_return events;
}

// Facts and events are read one after the other: of a run at work they are of one moment where neither grew
// meanwhile.
Task<Result<PastRun>> look_at(store::Journal& journal, store::RunRow row) {
  PastRun run{.row = std::move(row)};
  for (int look = 0; look < kLooks; ++look) {
    auto facts = co_await journal.read_facts(run.row.id);
    if (!facts) co_return fail(std::move(facts.error()));
    auto events = co_await events_of(journal, run.row.id);
    if (!events) co_return fail(std::move(events.error()));
    const bool stood = look > 0 && facts->size() == run.facts.size() && events->size() == run.events.size();
    run.facts = std::move(*facts);
    run.events = std::move(*events);
    if (run.row.finished() || stood) co_return run;
  }
  co_return fail(
      ErrorCode::busy,
      fmt::format("run {} is at work and does not stand still; try again, or cancel it first", run.row.id));
}

Task<Result<PastRun>> read_run(store::Journal& journal, store::RunRow row, std::size_t& left) {
  auto run = co_await look_at(journal, std::move(row));
  if (!run) co_return run;
  std::size_t bytes = 0;
  for (const store::Fact& fact : run->facts) bytes += fact.body.size();
  for (const PastEvent& event : run->events) bytes += event.text.size();
  if (bytes > left)
    co_return fail(
        ErrorCode::too_large,
        fmt::format("what came before has more than the {} MiB that one fork may copy", kForkBytes >> 20));
  left -= bytes;
  co_return run;
}

}  // namespace

Task<Result<PastTree>> read_tree(store::Journal& journal, const store::RunRow& root,
                                 const std::vector<store::RunRow>& rows, std::size_t& left) {
  PastTree tree;
  std::vector<store::RunRow> open = {root};
  while (!open.empty()) {
    auto run = co_await read_run(journal, std::move(open.back()), left);
    open.pop_back();
    if (!run) co_return fail(std::move(run.error()));
    for (const store::RunRow& row : rows)
      if (row.parent == run->row.id) open.push_back(row);
    tree.runs.push_back(std::move(*run));
  }
  co_return tree;
}

std::vector<store::RunRow> roots_before(const store::RunRow& run, const std::vector<store::RunRow>& rows) {
  std::vector<store::RunRow> before;
  for (const store::RunRow& row : rows)
    if (row.parent.empty() && row.finished() && row.first_seq < run.first_seq) before.push_back(row);
  std::ranges::sort(before, {}, &store::RunRow::first_seq);
  return before;
}

}  // namespace troupe::agents

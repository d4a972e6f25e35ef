#include "agents/forks/history.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

Task<Result<PastRun>> read_run(store::Journal& journal, store::RunRow row, std::size_t& left) {
  PastRun run{.row = std::move(row)};
  auto facts = co_await journal.read_facts(run.row.id);
  if (!facts) co_return fail(std::move(facts.error()));
  auto frames = co_await journal.read_run_events(run.row.id);
  if (!frames) co_return fail(std::move(frames.error()));
  std::size_t bytes = 0;
  for (const store::Fact& fact : *facts) bytes += fact.body.size();
  for (const Frame& frame : *frames) bytes += frame.text->size();
  if (bytes > left)
    co_return fail(
        ErrorCode::too_large,
        fmt::format("what came before has more than the {} MiB that one fork may copy", kForkBytes >> 20));
  left -= bytes;
  run.facts = std::move(*facts);
  for (const Frame& frame : *frames)
    run.events.push_back({.seq = frame.seq, .type = frame.type, .step = frame.step, .text = *frame.text});
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

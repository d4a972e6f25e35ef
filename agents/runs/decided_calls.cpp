#include "agents/runs/decided_calls.h"

#include "runtime/base/json.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::size_t kSearched = 256;  // runs of the session

// A run and those below it; without one the newest that is below no other.
std::set<std::string> tree_of(const std::vector<store::RunRow>& rows, std::string root) {
  if (root.empty()) {
    const auto newest = std::ranges::find(rows, "", &store::RunRow::parent);
    if (newest == rows.end()) return {};
    root = newest->id;
  }
  std::set<std::string> tree{std::move(root)};
  for (std::size_t before = 0; before != tree.size();) {
    before = tree.size();
    for (const store::RunRow& row : rows)
      if (tree.contains(row.parent)) tree.insert(row.id);
  }
  return tree;
}

Task<Result<bool>> was_decided(store::Journal& journal, std::string run, std::string call) {
  auto events = co_await journal.read_run_events(std::move(run));
  if (!events) co_return fail(std::move(events.error()));
  for (const Frame& frame : *events) {
    if (frame.type != "approval.given" && frame.type != "approval.denied") continue;
    auto event = parse_json(*frame.text);
    if (event && string_or(*event, "call") == call) co_return true;
  }
  co_return false;
}

}  // namespace

Task<Error> why_no_call_waits(store::Journal& journal, std::string tenant, std::string session,
                              std::string run, std::string call) {
  auto rows = co_await journal.list_runs(std::move(tenant), std::move(session), kSearched);
  if (!rows) co_return rows.error();
  for (const std::string& one : tree_of(*rows, std::move(run))) {
    auto decided = co_await was_decided(journal, one, call);
    if (!decided) co_return decided.error();
    if (*decided) co_return Error{ErrorCode::conflict, fmt::format("the call `{}` is decided already", call)};
  }
  co_return Error{ErrorCode::not_found, fmt::format("no call `{}` waits for an approval", call)};
}

}  // namespace troupe::agents

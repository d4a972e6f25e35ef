#include "agents/forks/fork_run.h"

#include "agents/compaction/compacted.h"
#include "agents/forks/copy.h"
#include "agents/forks/cut.h"
#include "agents/forks/history.h"
#include "agents/forks/lineage.h"
#include "agents/runs/facts.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

/// One fork on its way.
class Fork {
 public:
  Fork(Loop& loop, store::Journal& journal, Rng& rng, ForkOrder order, std::string config)
      : loop_(loop), journal_(journal), rng_(rng), order_(std::move(order)), config_(std::move(config)) {}

  Task<Result<Forked>> write() {
    if (auto found = co_await find(); !found) co_return fail(std::move(found.error()));
    std::size_t left = kForkBytes;
    auto tree = co_await read_tree(journal_, run_, rows_, left);
    if (!tree) co_return fail(std::move(tree.error()));
    if (auto whole = check_whole(*tree); !whole) co_return fail(std::move(whole.error()));
    auto kept = cut(*tree, order_);
    if (!kept) co_return fail(std::move(kept.error()));
    forked_.kept = *kept;
    std::vector<PastTree> trees;
    if (!order_.resumes)
      for (const store::RunRow& row : roots_before(run_, rows_)) {
        auto turn = co_await read_tree(journal_, row, rows_, left);
        if (!turn) co_return fail(std::move(turn.error()));
        trees.push_back(std::move(*turn));
      }
    trees.push_back(std::move(*tree));
    co_return co_await commit(std::move(trees));
  }

 private:
  Result<> check_whole(const PastTree& tree) const {
    for (const PastRun& one : tree.runs)
      if (const auto compacted = compacted_in(one.facts))
        return fail(ErrorCode::conflict,
                    fmt::format("run {}: {}", one.row.id,
                                why_not_any_more(*compacted, order_.resumes ? "resumed" : "forked")));
    return {};
  }

  Task<Result<>> find() {
    auto row = co_await journal_.find_run(order_.run);
    if (!row) co_return fail(std::move(row.error()));
    if (!*row || (*row)->tenant != order_.principal.tenant)
      co_return fail(ErrorCode::not_found, fmt::format("there is no run `{}`", order_.run));
    run_ = std::move(**row);
    if (!run_.parent.empty())
      co_return fail(ErrorCode::invalid,
                     fmt::format("run {} is a part of run {}: name that one, and with `from` "
                                 "the task at which it is to go on",
                                 run_.id, run_.parent));
    if (order_.resumes && !run_.finished())
      co_return fail(ErrorCode::busy, fmt::format("run {} has not ended: it goes on by itself", run_.id));
    constexpr std::size_t kAll = 100'000;
    auto rows = co_await journal_.list_runs(run_.tenant, run_.session, kAll);
    if (!rows) co_return fail(std::move(rows.error()));
    if (!order_.resumes && rows->size() > kForkRuns)
      co_return fail(
          ErrorCode::too_large,
          fmt::format("session {} has more than the {} runs that a fork may copy", run_.session, kForkRuns));
    std::ranges::reverse(*rows);  // as they began
    rows_ = std::move(*rows);
    const int granted = lineage_of(run_).granted + 1;
    for (const store::RunRow& one : rows_)
      if (const Lineage other = lineage_of(one);
          order_.resumes && other.run == run_.id && other.granted == granted)
        co_return fail(ErrorCode::conflict,
                       fmt::format("run {} was resumed already, as run {}", run_.id, one.id));
    co_return Result<>();
  }

  // Everything in one append: it is there whole or not at all.
  Task<Result<Forked>> commit(std::vector<PastTree> trees) {
    const std::int64_t now = loop_.clock().wall_ms();
    NewNames names(rng_, now);
    if (order_.resumes) names.keep(run_.session, run_.session);
    forked_.session = names.name(run_.session, "s_");
    prepare(trees.back().root().row, now);
    store::Append append = copy_of(std::move(trees), names, forked_.session);
    store::RunRow& row = *append.run;
    forked_.run = row.id;
    // Not renamed: it is the run as it was.
    put({.run = run_.id,
         .kept = forked_.kept,
         .granted = lineage_of(run_).granted + (order_.resumes ? 1 : 0)},
        row);
    Event queued = run_event(row, "run.queued");
    const auto first = std::ranges::find(append.events, row.id, &Event::run);
    append.events.insert(first, std::move(queued));
    if (!order_.resumes) {
      auto session = co_await journal_.find_session(run_.session);
      if (!session) co_return fail(std::move(session.error()));
      append.session = store::SessionRow{.id = forked_.session,
                                         .tenant = run_.tenant,
                                         .target = *session ? (*session)->target : run_.target,
                                         .created_ms = now,
                                         .updated_ms = now};
    }
    append.barrier = true;
    if (auto done = co_await journal_.commit(std::move(append)); !done)
      co_return fail(std::move(done.error()));
    co_return forked_;
  }

  // The row of the run as it was becomes that of a run which waits for its turn.
  void prepare(store::RunRow& row, std::int64_t now) const {
    store::RunRow fresh;
    fresh.id = row.id;
    fresh.session = row.session;
    fresh.tenant = row.tenant;
    fresh.target = row.target;
    fresh.agent = row.agent;
    fresh.input = row.input;
    fresh.status = "queued";
    fresh.created_ms = now;
    fresh.config = config_;
    fresh.extra = submission_in(row.extra);
    row = std::move(fresh);
  }

  // Of what the row says beside, what came with the message; the rest tells of how the run went.
  static std::string submission_in(const std::string& extra) {
    const auto all = parse_json(extra);
    Json kept = Json::object();
    for (const char* key : {"inputs", "attachments"})
      if (const Json* given = all ? troupe::find(*all, key) : nullptr) kept[key] = *given;
    return kept.empty() ? "" : dump(kept);
  }

  Loop& loop_;
  store::Journal& journal_;
  Rng& rng_;
  const ForkOrder order_;
  const std::string config_;
  store::RunRow run_;
  std::vector<store::RunRow> rows_;  // of its session
  Forked forked_;
};

}  // namespace

Task<Result<Forked>> write_fork(Loop& loop, store::Journal& journal, Rng& rng, ForkOrder order,
                                std::string config) {
  Fork fork(loop, journal, rng, std::move(order), std::move(config));
  co_return co_await fork.write();
}

}  // namespace troupe::agents

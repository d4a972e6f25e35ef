#include "agents/forks/fork_run.h"

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
    auto kept = cut(*tree, order_);
    if (!kept) co_return fail(std::move(kept.error()));
    forked_.kept = *kept;
    std::vector<PastTree> before;
    if (!order_.resumes)
      for (const store::RunRow& row : roots_before(run_, rows_)) {
        auto turn = co_await read_tree(journal_, row, rows_, left);
        if (!turn) co_return fail(std::move(turn.error()));
        before.push_back(std::move(*turn));
      }
    co_return co_await commit(std::move(before), std::move(*tree));
  }

 private:
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
    auto rows = co_await journal_.list_runs(run_.tenant, run_.session, kForkRuns + 1);
    if (!rows) co_return fail(std::move(rows.error()));
    if (rows->size() > kForkRuns)
      co_return fail(
          ErrorCode::too_large,
          fmt::format("session {} has more than the {} runs that a fork may copy", run_.session, kForkRuns));
    std::ranges::reverse(*rows);  // as they began
    rows_ = std::move(*rows);
    co_return Result<>();
  }

  Task<Result<Forked>> commit(std::vector<PastTree> before, PastTree tree) {
    const std::int64_t now = loop_.clock().wall_ms();
    NewNames names(rng_, now);
    forked_.session = order_.resumes ? run_.session : names.name(run_.session, "s_");
    if (order_.resumes) names.keep(run_.session, run_.session);
    if (!order_.resumes)
      if (auto made = co_await make_session(now); !made) co_return fail(std::move(made.error()));
    for (store::Append& append : copies_of(std::move(before), names, forked_.session))
      if (auto done = co_await journal_.commit(std::move(append)); !done)
        co_return co_await give_up(done.error());

    prepare(tree.root().row, now);
    std::vector<PastTree> own;
    own.push_back(std::move(tree));
    std::vector<store::Append> appends = copies_of(std::move(own), names, forked_.session);
    // Its own row comes last and with everything that was told, so that it is there whole or not at all.
    store::Append root = std::move(appends.front());
    forked_.run = root.run->id;
    // Not renamed: it is the run as it was.
    put({.run = run_.id,
         .kept = forked_.kept,
         .granted = lineage_of(run_).granted + (order_.resumes ? 1 : 0)},
        *root.run);
    root.events.push_back(run_event(*root.run, "run.queued"));
    root.barrier = true;
    if (appends.size() > 1 && !appends.back().events.empty()) {
      std::ranges::move(appends.back().events, std::back_inserter(root.events));
      appends.pop_back();
    }
    for (std::size_t i = 1; i < appends.size(); ++i)
      if (auto done = co_await journal_.commit(std::move(appends[i])); !done)
        co_return co_await give_up(done.error());
    if (auto done = co_await journal_.commit(std::move(root)); !done)
      co_return co_await give_up(done.error());
    co_return forked_;
  }

  Task<Result<>> make_session(std::int64_t now) {
    auto session = co_await journal_.find_session(run_.session);
    if (!session) co_return fail(std::move(session.error()));
    store::Append append;
    append.session = store::SessionRow{.id = forked_.session,
                                       .tenant = run_.tenant,
                                       .target = *session ? (*session)->target : run_.target,
                                       .created_ms = now,
                                       .updated_ms = now};
    co_return co_await journal_.commit(std::move(append));
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
    fresh.extra = std::move(row.extra);
    row = std::move(fresh);
  }

  Task<Result<Forked>> give_up(Error why) {
    if (!order_.resumes) {
      store::Append append;
      append.forget = forked_.session;
      (void)co_await journal_.commit(std::move(append));
    }
    co_return fail(std::move(why));
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

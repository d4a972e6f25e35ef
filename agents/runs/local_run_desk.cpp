#include "agents/budgets/account.h"
#include "agents/forks/cut.h"
#include "agents/forks/fork_run.h"
#include "agents/limits.h"
#include "agents/runs/attachments.h"
#include "agents/runs/decided_calls.h"
#include "agents/runs/facts.h"
#include "agents/runs/memory_calls.h"
#include "agents/runs/probation.h"
#include "agents/runs/resumption.h"
#include "agents/runs/run_desk.h"
#include "agents/runs/run_record.h"
#include "agents/runs/run_target.h"
#include "agents/runs/settlements.h"
#include "agents/runs/slots.h"
#include "runtime/async/nursery.h"
#include "runtime/async/one_shot.h"
#include "runtime/base/suggest.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

// Nobody's runs are taken then, so that over HTTP it is the daemon that is unavailable.
constexpr int kNoWritesStatus = 503;
constexpr std::chrono::milliseconds kNoWritesRetry{1'000};

/// A run that this process holds: waiting for its turn, or at work.
struct HeldRun : StartingRun {
  bool started = false;  // run.started was committed with its acceptance
  Stop stop;
  std::unique_ptr<RunDriver> driver;  // while at work
  bool at_work = false;
  bool accused = false;  // it is judged before it is taken up
  bool waits = false;    // for a person only, and the journal is told so
};

/// What this process knows of a session while it has runs in it.
struct LiveSession {
  std::string tenant;
  std::deque<std::shared_ptr<HeldRun>> runs;  // the front one is at work or first in line
};

struct Tenant {
  std::size_t running = 0;
  std::deque<std::string> parked;  // sessions that wait because the tenant has enough at work
};

class Desk final : public LocalRunDesk {
 public:
  Desk(Loop& loop, store::Journal& journal, bus::Bus& bus, Rng& rng, DeskSettings settings,
       std::shared_ptr<const Catalog> catalog, PastDecisions* past = nullptr)
      : loop_(loop),
        journal_(journal),
        bus_(bus),
        rng_(rng),
        settings_(settings),
        catalog_(std::move(catalog)),
        account_(catalog_->budgets),
        settlements_(loop, journal, account_),
        nursery_(loop) {
    if (past) account_.decide_as(*past);
  }

  Task<Result<store::SessionRow>> open_session(Principal principal, std::string session,
                                               std::string target) override;
  Task<Result<Accepted>> submit(Submission submission) override;
  Task<Result<>> cancel(Principal principal, std::string run, CancelMode mode) override;
  Task<Result<>> decide(Decision decision) override;
  std::vector<PendingApproval> pending(const Principal& principal, const std::string& session) const override;
  Task<Result<Forked>> fork(ForkOrder order) override;
  Task<Result<store::RunRow>> find_run(Principal principal, std::string run) override;
  Task<Result<>> forget(Principal principal, std::string session) override;
  store::Journal& journal() override { return journal_; }
  Status status() const override;
  Task<Result<>> resume(CatalogFinder earlier) override;
  void vary(CatalogVariant variant) override { variant_ = std::move(variant); }
  void replace_catalog(std::shared_ptr<const Catalog> catalog) override;
  Task<> settle(Milliseconds most) override;
  Task<> drain(Milliseconds grace) override;
  void hurry() override;

 private:
  Result<std::string> resolve_target(const std::string& wanted, const std::string& session_target) const;
  Result<> may_forget(const std::string& session) const;
  Result<> takes_writes() const;
  Result<> may_admit(const std::string& session, const std::string& tenant) const;
  Task<Result<Forked>> fork_admitted(ForkOrder order, store::RunRow of);
  Task<Result<>> begin_forked(HeldRun& run, std::string id, const Catalog& catalog);
  Task<Result<std::shared_ptr<const Catalog>>> catalog_for(const std::string& model,
                                                           const std::string& target);
  Task<Result<Accepted>> accept(Submission submission, store::SessionRow session);
  Task<Result<std::optional<Accepted>>> find_duplicate(const std::string& session,
                                                       const std::string& message_id);
  Task<Result<>> open_account();
  Task<> open_account_late();
  Task<Result<>> take_up(std::vector<store::RunRow> rows);
  Task<> take_up_suspects(std::vector<std::shared_ptr<HeldRun>> suspects);
  Task<Result<bool>> prepare_suspect(HeldRun& run);
  Task<> leave_alone(std::shared_ptr<HeldRun> run);
  void hold(const std::shared_ptr<HeldRun>& run);
  void note_waits(HeldRun& run);
  std::unique_ptr<RunDriver> drive(HeldRun& run);
  Task<> end_without_running(std::shared_ptr<HeldRun> run);
  std::shared_ptr<HeldRun> held_run(std::string_view run) const;
  std::shared_ptr<HeldRun> addressed_run(const Decision& decision) const;
  Task<Error> why_nothing_waits(Decision decision);

  bool has_room(const std::string& tenant) const;
  void enqueue(const std::string& session, std::shared_ptr<HeldRun> run);
  void start(std::shared_ptr<HeldRun> run);
  Task<> work(std::shared_ptr<HeldRun> run);
  void ended(const std::shared_ptr<HeldRun>& run);
  bool may_start(const std::string& session) const;
  void pump();

  Loop& loop_;
  store::Journal& journal_;
  bus::Bus& bus_;
  Rng& rng_;
  const DeskSettings settings_;
  std::shared_ptr<const Catalog> catalog_;
  Account account_;
  Settlements settlements_;
  Nursery nursery_;
  std::unordered_map<std::string, LiveSession> sessions_;
  std::unordered_map<std::string, std::shared_ptr<HeldRun>> runs_;
  std::unordered_map<std::string, Tenant> tenants_;
  std::deque<std::string> ready_;  // sessions whose first run waits only for room
  // Messages between look-up and commit: a second one with the same id waits for the first one's outcome.
  std::map<std::pair<std::string, std::string>, std::vector<OneShot<bool>*>> accepting_;
  std::set<std::string> forgetting_;  // sessions on their way out
  Slots forks_{loop_, 1};
  std::multiset<std::string> forking_;  // sessions that a fork reads, or goes on in
  CatalogVariant variant_;
  std::vector<OneShot<bool>*> leaving_;  // who waits for runs that have ended to leave
  std::size_t running_ = 0;
  std::size_t queued_ = 0;
  std::optional<Resumption> resumption_;   // while runs are still to be taken up
  std::set<std::string> cancelled_early_;  // of the last stop, before they are taken up
  std::set<std::string> early_;  // runs that were accepted before those of the last stop were taken up
  Probation* probation_ = nullptr;
  bool account_opened_ = false;
  bool resumed_ = false;
  Stop stopping_;  ///< requested by drain()
  bool draining_ = false;
  bool drained_ = false;  ///< and nothing is at work any more
};

Result<std::string> Desk::resolve_target(const std::string& wanted, const std::string& session_target) const {
  const std::string& target = !wanted.empty()           ? wanted
                              : !session_target.empty() ? session_target
                                                        : catalog_->default_target;
  if (target.empty())
    return fail(ErrorCode::not_found,
                fmt::format("no target was named and the configuration has no `default`; there are: {}",
                            fmt::join(target_names(*catalog_), ", ")));
  if (find_target(*catalog_, target)) return target;
  return fail(ErrorCode::not_found, fmt::format("there is no agent, team or chain `{}`{}", target,
                                                did_you_mean(target, target_names(*catalog_))));
}

Task<Result<store::SessionRow>> Desk::open_session(Principal principal, std::string session,
                                                   std::string target) {
  if (!session.empty()) {
    auto row = co_await journal_.find_session(session);
    if (!row) co_return std::unexpected(row.error());
    if (!*row || (*row)->tenant != principal.tenant)
      co_return fail(ErrorCode::not_found, fmt::format("there is no session `{}`", session));
    if (!target.empty())
      if (auto known = resolve_target(target, ""); !known) co_return std::unexpected(known.error());
    co_return std::move(**row);
  }
  auto resolved = resolve_target(target, "");
  if (!resolved) co_return std::unexpected(resolved.error());
  if (auto free = takes_writes(); !free) co_return std::unexpected(free.error());
  const std::int64_t now = loop_.clock().wall_ms();
  store::Append append;
  append.session = store::SessionRow{.id = make_id("s_", now, rng_),
                                     .tenant = principal.tenant,
                                     .target = *resolved,
                                     .created_ms = now,
                                     .updated_ms = now};
  store::SessionRow made = *append.session;
  if (auto done = co_await journal_.commit(std::move(append)); !done) co_return std::unexpected(done.error());
  co_return made;
}

// Who is acknowledged nothing need not wait for the disk.
Result<> Desk::takes_writes() const {
  std::string why;
  if (journal_.paused(&why))
    return fail(Error{ErrorCode::busy,
                      fmt::format("the store takes no writes now ({}); try again later", why), true,
                      kNoWritesStatus, kNoWritesRetry});
  return {};
}

Result<> Desk::may_admit(const std::string& session, const std::string& tenant) const {
  if (draining_)
    return fail(ErrorCode::unavailable, "the daemon is stopping; send the message again after its restart");
  if (forgetting_.contains(session))
    return fail(ErrorCode::not_found, fmt::format("there is no session `{}`", session));
  if (auto free = takes_writes(); !free) return free;
  auto live = sessions_.find(session);
  bool busy = live != sessions_.end() && !live->second.runs.empty();
  if (busy && settings_.when_busy == WhenBusy::reject)
    return fail(ErrorCode::busy,
                fmt::format("run {} of this session is still at work", live->second.runs.front()->row.id));
  if ((busy || !has_room(tenant)) && queued_ >= settings_.queue_max)
    return fail(ErrorCode::busy,
                fmt::format("{} runs are waiting already, the most there may be; try again later", queued_));
  return {};
}

Task<Result<Accepted>> Desk::submit(Submission submission) {
  if (submission.text.empty() && submission.attachments.empty())
    co_return fail(ErrorCode::invalid, "the message is empty");
  if (submission.message_id.starts_with(kBusIds))
    co_return fail(
        ErrorCode::invalid,
        fmt::format("ids that begin with `{}` are those of messages between agents; take another one",
                    kBusIds));
  if (submission.text.size() > limits::kInputBytes)
    co_return fail(ErrorCode::too_large, fmt::format("the message has {} bytes; at most {} are taken",
                                                     submission.text.size(), limits::kInputBytes));
  if (auto fit = check_attachments(submission.attachments); !fit) co_return std::unexpected(fit.error());
  auto session = co_await open_session(submission.principal, submission.session, submission.target);
  if (!session) co_return std::unexpected(session.error());
  if (submission.message_id.empty()) co_return co_await accept(std::move(submission), std::move(*session));

  const std::pair key(submission.session, submission.message_id);
  while (accepting_.contains(key)) {  // the same message is on its way: its outcome is ours
    OneShot<bool> done(loop_);
    accepting_[key].push_back(&done);
    co_await done.wait();
  }
  accepting_[key];
  auto duplicate = co_await find_duplicate(submission.session, submission.message_id);
  Result<Accepted> outcome = fail(ErrorCode::internal, "");
  if (!duplicate)
    outcome = std::unexpected(duplicate.error());
  else if (*duplicate)
    outcome = **duplicate;
  else
    outcome = co_await accept(std::move(submission), std::move(*session));
  auto waiting = std::move(accepting_[key]);
  accepting_.erase(key);
  for (OneShot<bool>* other : waiting) other->set(true);
  co_return outcome;
}

Task<Result<std::optional<Accepted>>> Desk::find_duplicate(const std::string& session,
                                                           const std::string& message_id) {
  auto row = co_await journal_.find_message(session, message_id);
  if (!row) co_return std::unexpected(row.error());
  if (!*row) co_return std::nullopt;
  co_return Accepted{.run = (*row)->id, .duplicate = true, .first_seq = (*row)->first_seq};
}

Task<Result<Accepted>> Desk::accept(Submission submission, store::SessionRow session) {
  Json extra = Json::object();
  if (!submission.inputs.empty()) extra["inputs"] = submission.inputs;
  if (!submission.attachments.empty()) {
    if (auto free = may_admit(session.id, session.tenant); !free) co_return std::unexpected(free.error());
    auto kept = co_await keep_attachments(journal_, std::move(submission.attachments));
    if (!kept) co_return std::unexpected(kept.error());
    extra["attachments"] = std::move(*kept);
  }
  auto target = resolve_target(submission.target, session.target);
  if (!target) co_return std::unexpected(target.error());
  auto run = std::make_shared<HeldRun>();
  run->secrets = catalog_->secrets;
  const auto asked = find_target(*catalog_, *target);
  if (!asked) co_return fail(ErrorCode::not_found, fmt::format("there is no agent `{}` any more", *target));
  auto begin = asked->accept(submission.text, submission.inputs);
  if (!begin) co_return std::unexpected(begin.error());
  run->begin = std::move(*begin);
  if (auto free = may_admit(session.id, session.tenant); !free) co_return std::unexpected(free.error());

  const std::int64_t now = loop_.clock().wall_ms();
  store::RunRow& row = run->row;
  row.id = make_id("r_", now, rng_);
  row.session = session.id;
  row.tenant = session.tenant;
  row.target = *target;
  row.agent = *target;
  row.message_id = submission.message_id;
  row.input = submission.text;
  row.created_ms = now;
  row.config = catalog_->config;
  if (!extra.empty()) row.extra = dump(extra);

  // The place in line is taken before the commit, so that messages keep the order in which they came.
  LiveSession& live = sessions_[session.id];
  live.tenant = session.tenant;
  live.runs.push_back(run);
  runs_.emplace(row.id, run);
  if (!resumed_) early_.insert(row.id);
  bool at_once = live.runs.size() == 1 && has_room(session.tenant);
  if (at_once) {
    ++running_;
    ++tenants_[session.tenant].running;
    run->at_work = true;
  } else {
    ++queued_;
  }
  row.status = at_once ? "running" : "queued";
  session.updated_ms = now;
  store::Append append;
  append.events.push_back(run_event(row, at_once ? "run.started" : "run.queued"));
  append.run = row;
  append.session = session;
  append.barrier = true;
  run->started = at_once;
  auto done = co_await journal_.commit(std::move(append));
  if (!done) {
    // Otherwise the run before it ended meanwhile, and it is at work or was: it meets the error itself.
    if (!run->driver && runs_.contains(row.id)) {
      if (!run->at_work) --queued_;
      ended(run);
    }
    co_return std::unexpected(done.error());
  }
  Accepted accepted{.run = row.id};
  if (drained_) co_return accepted;  // the next start has it
  if (at_once)
    start(run);
  else if (live.runs.front() == run)
    enqueue(session.id, run);
  co_return accepted;
}

bool Desk::has_room(const std::string& tenant) const {
  auto it = tenants_.find(tenant);
  return resumed_ && running_ < settings_.runs_max &&
         (it == tenants_.end() || it->second.running < settings_.runs_per_tenant_max);
}

// The session's first run may start as far as the session is concerned.
void Desk::enqueue(const std::string& session, std::shared_ptr<HeldRun> run) {
  ready_.push_back(session);
  pump();
}

// As far as its session is concerned.
bool Desk::may_start(const std::string& session) const {
  const auto live = sessions_.find(session);
  if (live == sessions_.end() || live->second.runs.empty()) return false;
  const HeldRun& front = *live->second.runs.front();
  return !front.at_work && front.begin;
}

void Desk::pump() {
  while (resumed_ && !draining_ && !ready_.empty() && running_ < settings_.runs_max) {
    std::string session = std::move(ready_.front());
    ready_.pop_front();
    if (!may_start(session)) continue;
    const auto live = sessions_.find(session);
    Tenant& tenant = tenants_[live->second.tenant];
    if (tenant.running >= settings_.runs_per_tenant_max) {
      tenant.parked.push_back(std::move(session));
      continue;
    }
    auto run = live->second.runs.front();
    run->at_work = true;
    --queued_;
    ++running_;
    ++tenant.running;
    start(std::move(run));
  }
}

void Desk::start(std::shared_ptr<HeldRun> run) {
  run->driver = drive(*run);
  if (probation_ && probation_->run() == run->row.id) probation_->begin();
  nursery_.spawn("run", [this, run] { return work(run); });
}

std::unique_ptr<RunDriver> Desk::drive(HeldRun& run) {
  const auto begin = std::move(run.begin);
  return begin->begin({.loop = loop_,
                       .journal = journal_,
                       .account = account_,
                       .secrets = std::move(run.secrets),
                       .rng = rng_,
                       .bus = bus_,
                       .waits_changed = [this, &run] { note_waits(run); }},
                      run.row, run.started, run.stop);
}

Task<> Desk::work(std::shared_ptr<HeldRun> run) {
  co_await run->driver->run();
  for (RunDriver::Over& over : run->driver->over())
    settlements_.begin(std::move(over.agent), std::move(over.row));
  run->driver.reset();
  ended(run);
}

// Who waits for a person has not ended the daemon, however often it is taken up to do so. What is left of a
// run whose other calls a stop cut off does not count.
void Desk::note_waits(HeldRun& run) {
  const bool waits = run.driver && run.driver->only_waits() && !run.stop.requested();
  if (waits == std::exchange(run.waits, waits) || !waits) return;
  run.resumed.times = 0;
  store::Append append;
  append.facts.push_back(waits_fact(run.row.id));
  journal_.post(std::move(append));
  if (probation_ && probation_->run() == run.row.id) probation_->end();
}

void Desk::ended(const std::shared_ptr<HeldRun>& run) {
  if (probation_ && probation_->run() == run->row.id) probation_->end();
  runs_.erase(run->row.id);
  for (OneShot<bool>* waiting : std::exchange(leaving_, {})) waiting->set(true);
  auto live = sessions_.find(run->row.session);
  std::erase(live->second.runs, run);
  if (run->at_work) {
    --running_;
    Tenant& tenant = tenants_[run->row.tenant];
    --tenant.running;
    // One whose run was cancelled, or is not taken up yet, would leave the place of this one to nobody.
    while (!tenant.parked.empty() && !may_start(tenant.parked.front())) tenant.parked.pop_front();
    if (!tenant.parked.empty()) {
      ready_.push_back(std::move(tenant.parked.front()));
      tenant.parked.pop_front();
    } else if (tenant.running == 0) {
      tenants_.erase(run->row.tenant);
    }
  }
  if (live->second.runs.empty())
    sessions_.erase(live);
  else if (!live->second.runs.front()->at_work)
    ready_.push_back(live->first);
  pump();
}

Task<Result<>> Desk::cancel(Principal principal, std::string run_id, CancelMode mode) {
  const auto run = held_run(run_id);
  if (!run || run->row.tenant != principal.tenant) {
    auto row = co_await find_run(principal, run_id);
    if (!row) co_return std::unexpected(row.error());
    if (row->finished()) co_return Result<>{};  // before the request came: that is its one outcome
    if (!resumed_ && row->parent.empty()) {
      cancelled_early_.insert(run_id);
      co_return Result<>{};
    }
    co_return fail(ErrorCode::unavailable,
                   fmt::format("run {} is not {}", run_id,
                               draining_ ? "at work any more, as the daemon is stopping; cancel it after the "
                                           "next start"
                               : resumed_ ? "taken up by this start"
                                          : "taken up again yet; try again soon"));
  }
  if (run->row.id != run_id) {  // one of a team's
    RunDriver& child = *run->driver->driver_of(run_id);
    mode == CancelMode::after_step ? child.finish_after_step() : child.cancel();
    co_return Result<>{};
  }
  const bool taken_up = run->at_work || run->begin;
  if (drained_ || (draining_ && !taken_up)) {
    co_return fail(
        ErrorCode::unavailable,
        fmt::format("run {} waits its turn and the daemon is stopping; cancel it after the next start",
                    run_id));
  } else if (!taken_up) {
    run->stop.request(StopReason::cancelled);  // it ends when it is taken up
  } else if (!run->at_work) {
    run->at_work = true;  // nobody may start it while its end is written
    --queued_;
    ++running_;
    ++tenants_[run->row.tenant].running;
    nursery_.spawn("cancel of a queued run", [this, run] { return end_without_running(run); });
  } else if (mode == CancelMode::after_step && run->driver) {
    run->driver->finish_after_step();
  } else {
    run->stop.request(StopReason::cancelled);
  }
  co_return Result<>{};
}

Task<> Desk::end_without_running(std::shared_ptr<HeldRun> run) {
  // A stop that is requested before the driver begins leads through its ordinary end, events and all.
  run->stop.request(StopReason::cancelled);
  const auto driver = drive(*run);
  co_await driver->run();
  ended(run);
}

// The run of that id, or the one that it is a part of.
std::shared_ptr<HeldRun> Desk::held_run(std::string_view run) const {
  if (auto found = runs_.find(std::string(run)); found != runs_.end()) return found->second;
  for (const auto& [id, held] : runs_)
    if (held->driver && held->driver->driver_of(run)) return held;
  return nullptr;
}

// Only one run of a session is at work, and only what is at work can wait for a person.
std::shared_ptr<HeldRun> Desk::addressed_run(const Decision& decision) const {
  std::shared_ptr<HeldRun> held;
  if (!decision.run.empty()) {
    held = held_run(decision.run);
  } else if (auto live = sessions_.find(decision.session);
             live != sessions_.end() && !live->second.runs.empty()) {
    held = live->second.runs.front();
  }
  const bool known = held && held->driver && held->row.tenant == decision.principal.tenant;
  return known ? held : nullptr;
}

Task<Result<>> Desk::decide(Decision decision) {
  auto held = addressed_run(decision);
  if (!held) co_return fail(co_await why_nothing_waits(std::move(decision)));
  auto receipt = held->driver->decide(decision);
  if (!receipt && receipt.error().code == ErrorCode::not_found) {
    if (decision.run.empty()) decision.run = held->row.id;
    co_return fail(co_await why_nothing_waits(std::move(decision)));  // of a member that has ended, say
  }
  if (!receipt) co_return std::unexpected(receipt.error());
  const Approvals::Receipt committed = *receipt;  // the run may be gone when it is set
  if (!co_await committed->wait())
    co_return fail(ErrorCode::unavailable,
                   "the daemon is stopping and the decision was not kept; decide again");
  co_return Result<>{};
}

// Who decides about a run that has ended, or about one below it, is told whether somebody was faster.
Task<Error> Desk::why_nothing_waits(Decision decision) {
  std::string session = decision.session;
  if (decision.run.empty()) {
    auto open = co_await open_session(decision.principal, session, "");
    if (!open) co_return open.error();
  } else {
    auto row = co_await find_run(decision.principal, decision.run);
    if (!row) co_return row.error();
    session = row->session;
  }
  co_return co_await why_no_call_waits(journal_, decision.principal.tenant, std::move(session), decision.run,
                                       decision.call);
}

std::vector<PendingApproval> Desk::pending(const Principal& principal, const std::string& session) const {
  auto live = sessions_.find(session);
  if (live == sessions_.end() || live->second.tenant != principal.tenant || live->second.runs.empty())
    return {};
  const auto& front = live->second.runs.front();
  return front->driver ? front->driver->waiting() : std::vector<PendingApproval>();
}

Task<Result<Forked>> Desk::fork(ForkOrder order) {
  if (!resumed_)
    co_return fail(ErrorCode::unavailable, "runs of the last stop are still being taken up; try again soon");
  auto of = co_await find_run(order.principal, order.run);
  if (!of) co_return std::unexpected(of.error());
  if (auto fits = check_sizes(order); !fits) co_return std::unexpected(fits.error());
  const auto reading = forking_.insert(of->session);
  co_await forks_.take();  // each may hold a whole conversation in memory
  // One that goes on in a session of its own does not wait for what is at work in this one.
  auto free = may_admit(order.resumes ? of->session : "", of->tenant);
  Result<Forked> forked = fail(ErrorCode::internal, "");
  if (free)
    forked = co_await fork_admitted(std::move(order), std::move(*of));
  else
    forked = std::unexpected(free.error());
  forks_.give_back();
  forking_.erase(reading);
  co_return forked;
}

Task<Result<Forked>> Desk::fork_admitted(ForkOrder order, store::RunRow of) {
  auto catalog = co_await catalog_for(order.model, of.target);
  if (!catalog) co_return std::unexpected(catalog.error());
  if (!find_target(**catalog, of.target))
    co_return fail(ErrorCode::not_found,
                   fmt::format("there is no `{}` in the present configuration, which run {} would go on with",
                               of.target, of.id));
  auto forked = co_await write_fork(loop_, journal_, rng_, std::move(order), (*catalog)->config);
  if (!forked) co_return forked;
  auto held = std::make_shared<HeldRun>();
  if (auto begun = co_await begin_forked(*held, forked->run, **catalog); !begun)
    co_return std::unexpected(begun.error());
  hold(held);
  pump();
  co_return forked;
}

// As a start takes up what it finds; what cannot be taken up has an end as every run has.
Task<Result<>> Desk::begin_forked(HeldRun& run, std::string id, const Catalog& catalog) {
  auto row = co_await journal_.find_run(id);
  if (!row) co_return std::unexpected(row.error());
  run.row = std::move(**row);
  auto begin =
      co_await take_up_from(journal_, *find_target(catalog, run.row.target), run.row, inputs_of(run.row));
  if (begin) {
    run.begin = std::move(*begin);
    run.secrets = catalog.secrets;
    co_return Result<>();
  }
  RunRecord record(journal_, run.row);
  store::Append append;
  record.finish({.status = "failed", .reason = "internal", .detail = begin.error().message},
                loop_.clock().wall_ms(), append);
  co_await record.commit(std::move(append));
  co_return std::unexpected(begin.error());
}

// "MODEL" is for who was asked, "AGENT=MODEL" for another.
Task<Result<std::shared_ptr<const Catalog>>> Desk::catalog_for(const std::string& model,
                                                               const std::string& target) {
  if (model.empty()) co_return catalog_;
  const auto at = model.find('=');
  const std::string agent = at == model.npos ? target : model.substr(0, at);
  if (!catalog_->agents.contains(agent))
    co_return fail(
        ErrorCode::not_found,
        at == model.npos
            ? fmt::format("`{}` is no agent: name the one whose model it is to be, as AGENT={}", agent, model)
            : fmt::format("there is no agent `{}`{}", agent, did_you_mean(agent, target_names(*catalog_))));
  if (!variant_) co_return fail(ErrorCode::invalid, "this desk cannot change models");
  co_return co_await variant_(agent, at == model.npos ? model : model.substr(at + 1));
}

Task<Result<store::RunRow>> Desk::find_run(Principal principal, std::string run) {
  auto row = co_await journal_.find_run(run);
  if (!row) co_return std::unexpected(row.error());
  if (!*row || (*row)->tenant != principal.tenant)
    co_return fail(ErrorCode::not_found, fmt::format("there is no run `{}`", run));
  co_return std::move(**row);
}

// What is still to be written of a session would make it anew once it is gone.
Result<> Desk::may_forget(const std::string& session) const {
  if (!resumed_)
    return fail(ErrorCode::unavailable, "runs of the last stop are still being taken up; try again soon");
  if (const auto live = sessions_.find(session); live != sessions_.end() && !live->second.runs.empty())
    return fail(ErrorCode::busy, fmt::format("session {}: run {} is not finished; cancel it first", session,
                                             live->second.runs.front()->row.id));
  if (forking_.contains(session))
    return fail(ErrorCode::busy,
                fmt::format("session {}: a run of it is being forked; try again soon", session));
  if (settlements_.at_work_on(session))
    return fail(ErrorCode::busy,
                fmt::format("session {}: its memory is being written; try again soon", session));
  return {};
}

Task<Result<>> Desk::forget(Principal principal, std::string session) {
  auto row = co_await open_session(principal, session, "");
  if (!row) co_return std::unexpected(row.error());
  if (auto free = may_forget(session); !free) co_return free;
  if (!forgetting_.insert(session).second)
    co_return fail(ErrorCode::not_found, fmt::format("there is no session `{}`", session));
  store::Append append;
  append.forget = session;
  auto done = co_await journal_.commit(std::move(append));
  forgetting_.erase(session);
  co_return done;
}

RunDesk::Status Desk::status() const {
  Status status{.admitting = resumed_ && !draining_,
                .running = running_,
                .queued = queued_,
                .sessions = sessions_.size()};
  if (!resumed_) status.reason = "resuming the runs of the last stop";
  if (draining_) status.reason = "stopping";
  if (std::string why; journal_.paused(&why)) {
    status.admitting = false;
    status.reason = why;
  }
  return status;
}

void Desk::replace_catalog(std::shared_ptr<const Catalog> catalog) {
  catalog_ = std::move(catalog);
  account_.set_limits(catalog_->budgets);
  if (resumed_ && !draining_) nursery_.spawn("open the account", [this] { return open_account_late(); });
}

// Budgets that a reload brought. What was spent since the start is counted already.
Task<> Desk::open_account_late() {
  if (auto opened = co_await open_account(); !opened)
    log::error("budgets do not count what was spent before this start", {{"why", opened.error().message}});
}

// What the ledger says was spent so far, and today; where no budget asks for it, the start does not wait for
// it.
Task<Result<>> Desk::open_account() {
  if (account_opened_ || account_.limits() == BudgetSettings{}) co_return Result<>{};
  const std::int64_t now = loop_.clock().wall_ms();
  auto ever = co_await journal_.usage({.by = store::UsageBy::tenant});
  if (!ever) co_return std::unexpected(ever.error());
  auto today = co_await journal_.usage({.by = store::UsageBy::tenant, .since = store::utc_day(now)});
  if (!today) co_return std::unexpected(today.error());
  const auto amount = [](const store::Used& used) {
    return Amount{used.input_tokens + used.output_tokens, used.cost};
  };
  for (const store::UsageRow& row : *ever) account_.know_tenant(row.key, amount(row.used));
  for (const store::UsageRow& row : *today) account_.know_day(row.key, amount(row.used), now);
  account_opened_ = true;
  co_return Result<>{};
}

Task<Result<>> Desk::resume(CatalogFinder earlier) {
  // Before the account reads the ledger, which has it then.
  if (journal_.unclean_start()) {
    auto counted =
        co_await count_lost_memory_calls(journal_, account_, loop_.clock(), limits::kSettledLately);
    if (!counted) co_return within("resume", counted.error());
  }
  if (auto opened = co_await open_account(); !opened) co_return within("resume", opened.error());
  resumption_.emplace(journal_, loop_.clock());
  auto rows = co_await resumption_->read(catalog_, std::move(earlier));
  if (!rows) co_return within("resume", rows.error());
  // What came meanwhile is at home here.
  std::erase_if(*rows, [this](const store::RunRow& row) { return early_.contains(row.id); });
  const std::size_t count = rows->size();
  if (auto taken = co_await take_up(std::move(*rows)); !taken) co_return within("resume", taken.error());
  if (count > 0) log::info("runs of the last stop are taken up again", {{"runs", count}});
  if (auto opened = co_await open_account(); !opened) co_return within("resume", opened.error());  // a reload
  std::vector<std::shared_ptr<HeldRun>> suspects;
  for (const auto& [id, run] : runs_)
    if (!run->begin) suspects.push_back(run);
  early_.clear();
  cancelled_early_.clear();
  resumed_ = true;
  pump();
  // Who stops does not wait for those that begin later: the next start has them.
  if (suspects.empty() || draining_) {
    resumption_.reset();
    co_return Result<>{};
  }
  nursery_.spawn("runs on probation", [this, suspects = std::move(suspects)]() mutable {
    return take_up_suspects(std::move(suspects));
  });
  co_return Result<>{};
}

Task<Result<>> Desk::take_up(std::vector<store::RunRow> rows) {
  for (store::RunRow& row : rows) {
    auto run = std::make_shared<HeldRun>();
    run->row = std::move(row);
    const auto outcome = co_await resumption_->take_up(*run);
    if (!outcome) co_return std::unexpected(outcome.error());
    run->accused = *outcome == Resumption::Outcome::accused;
    if (*outcome != Resumption::Outcome::left) hold(run);
  }
  co_return co_await resumption_->settle();
}

void Desk::hold(const std::shared_ptr<HeldRun>& run) {
  LiveSession& live = sessions_[run->row.session];
  live.tenant = run->row.tenant;
  // Those that were at work stand before those that waited. More than one was where another was cancelled
  // while it waited, and the process ended before that was written down.
  const auto behind = std::ranges::find_if(live.runs, [&](const auto& one) {
    return early_.contains(one->row.id) || (run->row.status != "queued" && one->row.status == "queued");
  });
  live.runs.insert(behind, run);
  runs_.emplace(run->row.id, run);
  ++queued_;
  if (cancelled_early_.contains(run->row.id)) run->stop.request(StopReason::cancelled);
  if (run->begin && live.runs.front() == run) ready_.push_back(run->row.session);
}

// One after the other, those first that were there least often, and those that stood before those that did
// not: the run that ends the daemon is soon the only one that comes back, and those beside it are not taken
// for it. Who is accused is judged when the daemon has gone on with all others.
Task<> Desk::take_up_suspects(std::vector<std::shared_ptr<HeldRun>> suspects) {
  const auto place = [](const std::shared_ptr<HeldRun>& run) {
    const ResumeCount& count = run->resumed;
    return std::tuple(run->accused, !count.stood, count.times, std::string_view(run->row.id));
  };
  std::ranges::sort(suspects, {}, place);
  for (const auto& run : suspects) {
    if (draining_) break;
    auto ready = co_await prepare_suspect(*run);
    if (!ready)
      log::error("a run cannot be taken up", {{"run", run->row.id}, {"why", ready.error().message}});
    // As runs at work do, it waits for a disk that takes no writes now.
    while (!ready && ready.error().retryable && co_await loop_.sleep_for(kNoWritesRetry, stopping_))
      ready = co_await prepare_suspect(*run);
    if (draining_) break;
    if (ready.value_or(false)) {
      co_await leave_alone(run);
      continue;
    }
    --queued_;
    ended(run);
  }
  resumption_.reset();
}

// False: it is set aside, or left. Of one that was cancelled meanwhile nothing is at work any more.
Task<Result<bool>> Desk::prepare_suspect(HeldRun& run) {
  if (run.accused && !run.stop.requested()) {
    const auto judged = co_await resumption_->judge(run);
    if (!judged) co_return fail(judged.error());
    if (*judged == Resumption::Outcome::left) co_return false;
  }
  const auto outcome = co_await resumption_->prepare(run);
  if (!outcome) co_return fail(outcome.error());
  if (auto settled = co_await resumption_->settle(); !settled) co_return fail(settled.error());
  co_return *outcome == Resumption::Outcome::ready;
}

Task<> Desk::leave_alone(std::shared_ptr<HeldRun> run) {
  // Behind another one of its session it was not at work. It begins when that has ended.
  if (sessions_.at(run->row.session).runs.front() != run) co_return;
  Probation probation(loop_, journal_, run->row.id, run->row.session,
                      Probation::time_for(run->resumed.times));
  probation_ = &probation;
  enqueue(run->row.session, run);
  const bool stood = co_await probation.over();
  probation_ = nullptr;
  if (!stood) co_return;
  store::Append append;
  append.facts.push_back({.run = run->row.id, .kind = kStoodFact, .body = "{}"});
  journal_.post(std::move(append));
}

Task<> Desk::drain(Milliseconds grace) {
  draining_ = true;
  stopping_.request(StopReason::shutdown);
  if (probation_) probation_->end();
  auto held = runs_;
  for (auto& [id, run] : held)  // a person may take longer than any grace
    if (run->driver && run->driver->only_waits()) run->stop.request(StopReason::shutdown);
  auto alarm = loop_.at(loop_.clock().now() + grace, [this] { hurry(); });
  co_await nursery_.join();
  drained_ = true;
  co_await settlements_.join();
}

Task<> Desk::settle(Milliseconds most) {
  auto alarm = loop_.at(loop_.clock().now() + most, [this] { settlements_.stop(); });
  // The end of a run is told before the run has left, and its memory begins.
  const auto leaving = [](const auto& held) {
    return held.second->driver && !held.second->driver->over().empty();
  };
  while (std::ranges::any_of(runs_, leaving)) {
    OneShot<bool> left(loop_);
    leaving_.push_back(&left);
    co_await left.wait();
  }
  co_await settlements_.join();
}

void Desk::hurry() {
  journal_.give_up();  // a full disk is waited for by runs, not by who ends them
  settlements_.stop();
  auto held = runs_;  // a run that ends at once leaves the table
  for (auto& [id, run] : held) run->stop.request(StopReason::shutdown);
}

}  // namespace

std::unique_ptr<LocalRunDesk> make_run_desk(Loop& loop, store::Journal& journal, bus::Bus& bus, Rng& rng,
                                            DeskSettings settings, std::shared_ptr<const Catalog> catalog) {
  return std::make_unique<Desk>(loop, journal, bus, rng, settings, std::move(catalog));
}

std::unique_ptr<LocalRunDesk> make_run_desk(Loop& loop, store::Journal& journal, bus::Bus& bus, Rng& rng,
                                            DeskSettings settings, std::shared_ptr<const Catalog> catalog,
                                            PastDecisions& past) {
  return std::make_unique<Desk>(loop, journal, bus, rng, settings, std::move(catalog), &past);
}

}  // namespace troupe::agents

#include "agents/replay/rehearsal.h"

#include "agents/replay/limits.h"
#include "agents/runs/approval_record.h"
#include "runtime/bus/local_bus.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

Rehearsal::Rehearsal(const Recording& recording, Answers& answers, store::StoreReader& reader,
                     std::size_t stop_at)
    : recording_(recording),
      answers_(answers),
      clock_(recording.root().created_ms),
      loop_(clock_),
      nursery_(loop_),
      ids_(recording, clock_),
      journal_(loop_, recording, reader, names_),
      cues_(loop_, answers, names_),
      budgets_(answers, names_, cues_),
      stop_at_(stop_at) {
  journal_.on_commit = [this] { return pass(); };
  cues_.on_arrival = [this] { return pass(); };
  journal_.comes_before = [this](std::int64_t at) { return cues_.next_at() < at; };
}

// Coroutines that came to no end go with the loop.
Rehearsal::~Rehearsal() {
  loop_.halt();
}

// What the engine can do by itself.
Result<> Rehearsal::settle() {
  for (std::size_t turns = 0; turns < limits::kReplayTurns; ++turns) {
    loop_.context().restart();
    // What is due does not wait until nothing else is to be done.
    const bool due = loop_.next_alarm() <= clock_.now();
    if (due) loop_.ring();
    if (loop_.context().poll_one() == 0 && !due) return {};
  }
  return fail(ErrorCode::internal, fmt::format("run {}: the engine came to no end in {} turns of its loop",
                                               recording_.root().id, limits::kReplayTurns));
}

Result<> Rehearsal::perform(const char* what, std::function<Task<>()> body) {
  bool done = false;
  nursery_.spawn(what, [&done, body = std::move(body)]() -> Task<> {
    co_await body();
    done = true;
  });
  auto settled = settle();
  while (settled && !done && journal_.release()) settled = settle();
  if (settled && !done)
    return fail(ErrorCode::internal,
                fmt::format("run {}: {}: the engine waits for something that no record has",
                            recording_.root().id, what));
  return settled;
}

// As a daemon starts that finds the run as it was accepted, or as the last one left it. `cancelled`: before
// anything of it is at work.
Result<> Rehearsal::open_desk(bool cancelled) {
  bus_ = bus::make_local_bus(loop_, journal_);
  desk_ = make_run_desk(loop_, journal_, *bus_, ids_, {}, catalog_, budgets_);
  Result<> resumed;
  auto done = perform("begin", [this, cancelled, &resumed]() -> Task<> {
    resumed = co_await desk_->resume(
        [this](std::string) -> Task<Result<std::shared_ptr<const Catalog>>> { co_return catalog_; });
    const store::RunRow& root = recording_.root();
    if (cancelled) (void)co_await desk_->cancel({.tenant = root.tenant}, root.id, CancelMode::now);
  });
  return done ? resumed : done;
}

Result<> Rehearsal::close_desk() {
  desk_->hurry();
  auto done = perform("stop", [this] { return desk_->drain(Milliseconds(0)); });
  if (!done) return done;
  desk_.reset();
  bus_.reset();
  return settle();
}

// What a process learns of models while it is up goes with it.
Result<> Rehearsal::begin_process() {
  auto made = make_catalog_({loop_, journal_, cues_, texts_});
  if (!made) return fail(std::move(made.error()));
  auto own = std::make_shared<Catalog>(**made);
  own->config = recording_.root().config;
  own->budgets = {};  // what others spent is not on record
  catalog_ = std::move(own);
  return {};
}

Result<> Rehearsal::run(ReplayCatalog catalog, KeptTexts texts) {
  make_catalog_ = std::move(catalog);
  texts_ = std::move(texts);
  if (auto begun = begin_process(); !begun) return begun;
  if (auto opened = open_desk(never_asked()); !opened) return opened;
  while (!journal_.root_finished()) {
    if (auto settled = settle(); !settled) return settled;
    if (journal_.root_finished()) break;
    auto more = advance();
    if (!more) return fail(std::move(more.error()));
    if (!*more) break;
  }
  return close_desk();
}

// What came next. False: the record has nothing more to go on with.
Result<bool> Rehearsal::advance() {
  Answer* decision = next_decision();
  const std::int64_t at = std::min(cues_.next_at(), decision ? decision->at : Answer::kNever);
  if (journal_.held_at() < at) return journal_.release();
  if (at != Answer::kNever) return come_to(at, decision && decision->at == at ? decision : nullptr);
  if (cues_.waits_for(Answer::End::lost)) {
    if (auto again = restart(is_time_to_stop()); !again) return fail(std::move(again.error()));
    return true;
  }
  const store::RunRow& root = recording_.root();
  const bool waits = cues_.waits_for(Answer::End::stopped);
  if (waits || !desk_->pending({.tenant = root.tenant}, root.session).empty())
    if (auto ended = end_by_record(); !ended || *ended) return ended;
  if (cues_.asks_anew() || cues_.waits_for(Answer::End::open)) return false;
  if (const Instant next = loop_.next_alarm();
      next != Instant::max()) {  // a pause before something is tried again
    if (!is_time_to_stop())
      set_forward(next);
    else if (auto told = cancel(root.id, mode_of_stop()); !told)
      return fail(std::move(told.error()));
    return true;
  }
  return end_by_record();
}

Result<> Rehearsal::restart(bool cancelled) {
  if (++restarts_ > limits::kReplayRestarts)
    return fail(ErrorCode::too_large, fmt::format("run {} went through more than {} restarts",
                                                  recording_.root().id, limits::kReplayRestarts));
  if (auto closed = close_desk(); !closed) return closed;
  if (auto begun = begin_process(); !begun) return begun;
  return open_desk(cancelled);
}

Result<bool> Rehearsal::come_to(std::int64_t at, Answer* decision) {
  if (stop_at_ == 0 && !after_step_ && is_last_before_stop(at)) {
    after_step_ = true;
    if (auto told = cancel(recording_.root().id, CancelMode::after_step); !told)
      return fail(std::move(told.error()));
  }
  if (decision) {
    auto decided = decide(*decision);
    if (!decided) return fail(std::move(decided.error()));
  } else {
    cues_.deliver();
  }
  return true;
}

// The next stop that is on record. False: there is none.
Result<bool> Rehearsal::end_by_record() {
  while (stops_ < answers_.stops.size()) {
    const Answers::Stopped& stop = answers_.stops[stops_++];
    const std::string run = names_.replayed(stop.run);
    if (run.empty() || stop.what.after_step) continue;
    if (stop.what.deadline) {
      const Instant over = clock_.begin() + stop.what.used;
      if (over <= clock_.now()) continue;
      set_forward(over);
      return true;
    }
    const bool all = recording_.root().reason == "cancelled";
    if (all && stop.what.between) {
      if (auto again = restart(true); !again) return fail(std::move(again.error()));
      return true;
    }
    if (auto told = cancel(all ? recording_.root().id : run, CancelMode::now); !told)
      return fail(std::move(told.error()));
    return true;
  }
  return false;
}

Answer* Rehearsal::next_decision() const {
  const store::RunRow& root = recording_.root();
  Answer* first = nullptr;
  for (const PendingApproval& pending : desk_->pending({.tenant = root.tenant}, root.session)) {
    const std::string run = names_.recorded(pending.run);
    for (Answer& one : answers_.all)
      if (one.kind == Answer::Kind::person && one.end == Answer::End::came && !one.given && one.run == run &&
          one.call == pending.call && (!first || one.at < first->at))
        first = &one;
  }
  return first;
}

Result<> Rehearsal::decide(Answer& answer) {
  answer.given = true;
  const Json& came = answer.came;
  if (string_or(came, "by") == kByTimeout) {
    set_forward(loop_.next_alarm());
    return settle();
  }
  const store::RunRow& root = recording_.root();
  Decision decision{.principal = {.name = string_or(came, "by"), .tenant = root.tenant},
                    .session = root.session,
                    .run = names_.replayed(answer.run),
                    .call = answer.call,
                    .approve = came.value("approved", false),
                    .reason = string_or(came, "reason")};
  if (const Json* input = find(came, "input")) decision.input = *input;
  // One that is refused now leads to a difference.
  return perform("decide", [this, decision]() -> Task<> { (void)co_await desk_->decide(decision); });
}

Result<> Rehearsal::cancel(const std::string& run, CancelMode mode) {
  return perform("cancel", [this, run, mode]() -> Task<> {
    (void)co_await desk_->cancel({.tenant = recording_.root().tenant}, run, mode);
  });
}

bool Rehearsal::is_time_to_stop() {
  return ++moments_ == stop_at_;
}

Task<> Rehearsal::pass() {
  if (is_time_to_stop())
    (void)co_await desk_->cancel({.tenant = recording_.root().tenant}, recording_.root().id, mode_of_stop());
}

CancelMode Rehearsal::mode_of_stop() const {
  const bool after_step =
      std::ranges::any_of(answers_.stops, [](const auto& stop) { return stop.what.after_step; });
  return after_step ? CancelMode::after_step : CancelMode::now;
}

void Rehearsal::set_forward(Instant to) {
  if (to != Instant::max()) clock_.set(to);
}

// Whether nothing came from outside between this and a stop after the step.
bool Rehearsal::is_last_before_stop(std::int64_t at) const {
  const auto stop = std::ranges::find_if(answers_.stops, [](const auto& one) { return one.what.after_step; });
  if (stop == answers_.stops.end() || at >= stop->at) return false;
  return std::ranges::none_of(answers_.all,
                              [&](const Answer& one) { return one.at > at && one.at < stop->at; });
}

// A run that was cancelled before it began.
bool Rehearsal::never_asked() const {
  return recording_.root().reason == "cancelled" && answers_.all.empty() && recording_.runs.size() == 1;
}

}  // namespace troupe::agents

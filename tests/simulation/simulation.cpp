#include "tests/simulation/simulation.h"

#include "tests/simulation/history_check.h"
#include "tests/simulation/troupe_of_all.h"

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

namespace troupe::simulation {

namespace {

constexpr auto kLongest = std::chrono::hours(12);  // of virtual time, until every run must have ended
constexpr Milliseconds kLooksUp = std::chrono::seconds(4);  // how often people see whether something waits
const Principal kPrincipal{"p", "acme"};

}  // namespace

/// What ends with the process.
struct Simulation::Process {
  Process(Loop& loop, fakes::MemoryJournal& disk, Dice& dice, bool unclean,
          std::shared_ptr<const agents::Catalog> catalog)
      : journal(loop, disk, dice, unclean),
        bus(bus::make_local_bus(loop, journal)),
        desk(agents::make_run_desk(loop, journal, *bus, dice, {}, std::move(catalog))),
        people(loop) {}

  SimJournal journal;
  std::unique_ptr<bus::Bus> bus;
  std::unique_ptr<agents::LocalRunDesk> desk;
  Stop gone;
  Nursery people;
};

Simulation::Simulation(std::uint64_t seed, std::shared_ptr<const agents::Catalog> catalog, Stage stage)
    : dice_(seed), catalog_(std::move(catalog)), stage_(std::move(stage)), outside_(Outside{.dice = dice_}) {
  *stage_ = &*outside_;
  const auto& targets = troupe_targets();
  const std::size_t people = 1 + dice_.below(3);
  for (std::size_t i = 0; i < people; ++i) {
    Conversation& one = conversations_.emplace_back(targets[dice_.below(targets.size())]);
    const std::size_t messages = 1 + dice_.below(2);
    for (std::size_t m = 0; m < messages; ++m)
      one.messages.push_back(
          {.id = fmt::format("m{}", m), .text = fmt::format("question {}", dice_.below(100)), .run = ""});
  }
  ends_left_ = dice_.percent(20) ? 0 : 1 + dice_.below(4);
}

Simulation::~Simulation() {
  *stage_ = nullptr;
}

void Simulation::finish(Task<> task) {
  bool done = false;
  std::exception_ptr thrown;
  boost::asio::co_spawn(loop_.context(), std::move(task), [&](std::exception_ptr e) {
    thrown = e;
    done = true;
  });
  if (!time_.run([&] { return done; })) throw std::runtime_error("nothing is left that could go on");
  if (thrown) std::rethrow_exception(thrown);
}

std::vector<std::string> Simulation::run() {
  const Instant latest = clock_.start() + kLongest;
  bool unclean = false;
  for (bool done = false; !done;) {
    plan_end();
    start(unclean);
    const bool moved = time_.run([&] { return over() || ends_now(); }, std::min(end_at_, latest));
    done = over();
    if (!done && (!moved || clock_.now() >= latest)) {
      wrong(moved ? "runs do not come to an end: " + state()
                  : "nothing is left that could go on, and runs are unfinished");
      done = true;
    }
    unclean = !done && !ends_by_stop_;
    if (done) ends_by_stop_ = true;
    end_process();
  }
  check();
  return std::move(wrong_);
}

// At a time, or when so many groups were committed: that way every boundary comes up.
void Simulation::plan_end() {
  end_at_ = Instant::max();
  end_at_group_ = 0;
  ends_by_stop_ = false;
  if (ends_left_ == 0) return;
  --ends_left_;
  ends_by_stop_ = dice_.percent(20);
  if (dice_.percent(50))
    end_at_group_ = 1 + dice_.below(25);
  else
    end_at_ = clock_.now() + dice_.between(0, dice_.percent(30) ? 60'000 : 3'000);
}

bool Simulation::ends_now() {
  return clock_.now() >= end_at_ || (end_at_group_ > 0 && process_->journal.groups() >= end_at_group_);
}

bool Simulation::over() {
  const auto status = process_->desk->status();
  return status.admitting && status.running + status.queued == 0 &&
         std::ranges::all_of(conversations_, &Conversation::over);
}

std::string Simulation::state() const {
  const auto status = process_->desk->status();
  std::string text = fmt::format("{} at work, {} queued, {}", status.running, status.queued,
                                 status.admitting ? "admitting" : status.reason);
  for (const Conversation& conversation : conversations_)
    for (const Conversation::Message& message : conversation.messages)
      if (!message.acknowledged() || !conversation.finished(message.run))
        text += fmt::format("; {} {} of {} {}", conversation.target, message.id, conversation.session,
                            message.acknowledged() ? message.run : "is not acknowledged");
  return text;
}

void Simulation::start(bool unclean) {
  ++figures_.processes;
  outside_->process_is_gone = false;
  process_ = std::make_unique<Process>(loop_, disk_, dice_, unclean, catalog_);
  for (Conversation& conversation : conversations_) {
    process_->people.spawn("a client", [this, &conversation] { return talk(conversation); });
  }
  process_->people.spawn("people", [this] { return decide_all(); });
  if (dice_.percent(10)) process_->people.spawn("the wall clock", [this] { return set_wall_clock(); });
  process_->people.spawn("resume", [this]() -> Task<> {
    auto resumed = co_await process_->desk->resume(
        [](std::string) -> Task<Result<std::shared_ptr<const agents::Catalog>>> {
          co_return fail(ErrorCode::not_found, "no other configuration");
        });
    if (!resumed && !process_->journal.crashed()) wrong("resume: " + resumed.error().message);
  });
}

void Simulation::end_process() {
  if (ends_by_stop_) {
    finish(process_->desk->drain(dice_.between(0, 5'000)));
    process_->gone.request(StopReason::shutdown);
    finish(process_->people.join());
    finish(process_->journal.close());
  } else {
    process_->journal.crash();
    outside_->process_is_gone = true;
    process_->gone.request(StopReason::shutdown);
    process_->desk->hurry();
    finish(process_->desk->drain(Milliseconds(0)));
    finish(process_->people.join());
  }
  for (Conversation& conversation : conversations_) conversation.leave();
  process_.reset();
  time_.settle();
  if (loop_.alarms() != 0) wrong(fmt::format("{} alarms are left of a process that ended", loop_.alarms()));
}

Task<> Simulation::open(Conversation& conversation) {
  while (conversation.session.empty()) {
    auto row = co_await process_->desk->open_session(kPrincipal, "", conversation.target);
    if (row) {
      conversation.session = row->id;
      break;
    }
    if (row.error().code != ErrorCode::busy && !process_->journal.crashed())
      wrong("a session is refused: " + row.error().message);
    if (!co_await loop_.sleep_for(Milliseconds(500), process_->gone)) co_return;
  }
  conversation.listen(process_->journal);
  auto missed = co_await process_->journal.read_events(conversation.session, conversation.last(), 1'000'000);
  if (!missed) co_return wrong("a client cannot read on: " + missed.error().message);
  for (const Frame& frame : *missed) conversation.on_frame(frame);
}

Task<> Simulation::talk(Conversation& conversation) {
  Process& process = *process_;
  co_await open(conversation);
  for (Conversation::Message& message : conversation.messages) {
    while (!process.gone.requested() && !conversation.session.empty() && !message.acknowledged())
      co_await send(conversation, message);
    if (dice_.percent(10) && message.acknowledged()) co_await send(conversation, message);  // once more
  }
}

Task<> Simulation::send(Conversation& conversation, Conversation::Message& message) {
  Process& process = *process_;
  if (!co_await loop_.sleep_for(dice_.between(0, 2'000), process.gone)) co_return;
  auto accepted = co_await process.desk->submit({.principal = kPrincipal,
                                                 .session = conversation.session,
                                                 .message_id = message.id,
                                                 .text = message.text});
  if (!accepted) {
    const ErrorCode code = accepted.error().code;
    const bool later = code == ErrorCode::busy || code == ErrorCode::unavailable;
    if (!later && !process.journal.crashed()) {
      wrong("a message is refused: " + accepted.error().message);
      message.run = "refused";
    }
    co_return;
  }
  if (message.acknowledged() && message.run != accepted->run)
    wrong(fmt::format("message {} became run {}, then {}", message.id, message.run, accepted->run));
  if (message.acknowledged() && !accepted->duplicate) wrong("a message that came again was not recognised");
  if (!message.acknowledged() && dice_.percent(12))
    process.people.spawn("a cancel", [this, run = accepted->run] { return cancel_later(run); });
  message.run = accepted->run;
}

Task<> Simulation::cancel_later(std::string run) {
  Process& process = *process_;
  if (!co_await loop_.sleep_for(dice_.between(0, 4'000), process.gone)) co_return;
  auto done = co_await process.desk->cancel(
      kPrincipal, run, dice_.percent(50) ? agents::CancelMode::now : agents::CancelMode::after_step);
  const bool stopping =
      !done && done.error().code == ErrorCode::unavailable && done.error().message.contains("stopping");
  if (!done && !stopping && !process.journal.crashed()) wrong("a cancel is refused: " + done.error().message);
}

Task<> Simulation::decide_all() {
  Process& process = *process_;
  std::vector<agents::PendingApproval> waiting;
  while (co_await loop_.sleep_for(waiting.empty() ? kLooksUp : dice_.between(300, 3'000), process.gone)) {
    waiting.clear();
    for (const Conversation& conversation : conversations_)
      std::ranges::move(process.desk->pending(kPrincipal, conversation.session), std::back_inserter(waiting));
    for (agents::PendingApproval& one : waiting)
      if (dice_.percent(60)) co_await decide(one);
  }
}

Task<> Simulation::decide(agents::PendingApproval waiting) {
  agents::Decision decision{.principal = kPrincipal,
                            .session = waiting.session,
                            .run = waiting.run,
                            .call = waiting.call,
                            .approve = dice_.percent(70)};
  const bool again = !waiting.reason.empty();
  if (decision.approve && again) ++outside_->allowed;
  if (decision.approve && !again && dice_.percent(20)) decision.input = Json{{"x", dice_.below(1'000)}};
  auto done = co_await process_->desk->decide(std::move(decision));
  const bool late =
      !done && (done.error().code == ErrorCode::conflict || done.error().code == ErrorCode::not_found ||
                done.error().code == ErrorCode::unavailable);
  if (!done && !late && !process_->journal.crashed()) wrong("a decision is refused: " + done.error().message);
}

Task<> Simulation::set_wall_clock() {
  if (co_await loop_.sleep_for(dice_.between(0, 5'000), process_->gone))
    clock_.set_wall(dice_.percent(50) ? std::chrono::hours(1) : -std::chrono::hours(1));
}

void Simulation::check() {
  for (std::string& what : outside_->wrong) wrong(std::move(what));
  figures_.asked = outside_->asked;
  figures_.repeats = outside_->repeats;
  for (const auto& [key, call] : outside_->calls) figures_.calls += static_cast<std::size_t>(call.dispatched);
  for (Conversation& conversation : conversations_) {
    for (std::string& what : conversation.wrong) wrong(std::move(what));
    if (conversation.session.empty()) continue;
    History history;
    finish([&]() -> Task<> { history = co_await read_history(disk_, conversation.session); }());
    for (std::string& what : check_history(history, conversation)) wrong(std::move(what));
    figures_.runs += history.runs.size();
    figures_.events += history.events.size();
    for (const Frame& frame : history.events)
      figures_.doubtful += frame.type == "observation" && frame.text->contains("unknown");
  }
}

std::string Simulation::story() const {
  std::string story;
  for (const Conversation& conversation : conversations_)
    for (const Frame& frame : conversation.seen) story += *frame.text + "\n";
  return story;
}

}  // namespace troupe::simulation

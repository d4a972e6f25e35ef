#include "agents/runs/facts.h"
#include "agents/runs/quarantine.h"
#include "agents/teams/notes.h"
#include "agents/teams/reply_message.h"
#include "agents/teams/team_run.h"
#include "runtime/base/ids.h"
#include "runtime/telemetry/log.h"

#include <utility>

#include <fmt/format.h>

/// Who takes what a team's run sends: mailboxes of members, and the runs that come of it.
namespace troupe::agents {

Result<TeamRun::Host*> TeamRun::open_host(const std::string& to, std::shared_ptr<const RunTarget> target) {
  auto& host = hosts_[to];
  if (host) return host.get();
  const store::RunRow& row = record_.row();
  auto inbox = services_.bus.open({row.tenant, row.session, row.id}, to,
                                  {.capacity = static_cast<std::size_t>(team_->settings.limits.mailbox),
                                   .when_full = bus::WhenFull::refuse,
                                   .notes_apart = true});
  if (!inbox) {
    hosts_.erase(to);
    return fail(std::move(inbox.error()));
  }
  host = std::make_unique<Host>(hosting_);
  host->address = to;
  host->target = std::move(target);
  host->inbox = std::move(*inbox);
  nursery_.spawn("member", [this, at = host.get()] { return serve(*at); });
  return host.get();
}

Task<> TeamRun::serve(Host& host) {
  while (true) {
    auto message = co_await host.inbox->receive(host.stop);
    if (!message) break;
    co_await take(host, std::move(*message));
  }
  if (!hosting_.requested()) hosts_.erase(host.address);
}

Task<> TeamRun::take(Host& host, bus::Message message) {
  if (message.kind != bus::Kind::task) co_return host.inbox->done(message.id);  // nobody sends such
  auto flight = flight_for(message.id, host.address);
  if (flight->gone) {
    if (!leaves_off()) host.inbox->done(message.id);  // the next process asks for it again
    flights_.erase(message.id);
    co_return;
  }
  flight->begun = true;
  host.current = flight;
  auto ended = co_await work(host, *flight, message);
  host.current = nullptr;
  if (ended && ended->finished()) {
    count(*ended);
    put_away_notes(host, *ended);
  }
  child_waits_changed();
  // One that goes on at the next start is not replied to, and its task is delivered again there.
  const bool goes_on = ended ? !ended->finished() : leaves_off();
  if (goes_on || !co_await tell_end(message, std::move(ended)))
    work_.request(StopReason::shutdown);  // whoever waits for a reply waits in the next process
  else
    host.inbox->done(message.id);
  flight->ended.set(true);
}

// False: nobody can be told.
Task<bool> TeamRun::tell_end(const bus::Message& message, Result<store::RunRow> ended) {
  Stop own;  // also for one that was cancelled: what came of it is told
  auto reply = co_await reply_to(message, std::move(ended));
  Result<bus::Sent> sent = reply ? co_await services_.bus.send(std::move(*reply), own)
                                 : Result<bus::Sent>(fail(std::move(reply.error())));
  if (!sent && sent.error().code == ErrorCode::too_large) {
    bus::Message refused = head_of_reply(message);
    put(reply_of(sent.error(), "too_large"), refused);
    sent = co_await services_.bus.send(std::move(refused), own);
  }
  if (!sent)
    log::error("what a member did could not be told", {{"to", message.from}, {"why", sent.error().message}});
  co_return sent.has_value();
}

Task<Result<store::RunRow>> TeamRun::work(Host& host, Flight& flight, const bus::Message& message) {
  std::optional<store::RunRow> known;
  if (recorded_.taken_up) {  // otherwise nobody has done it before
    auto found = co_await journal_.find_message(record_.row().session, message.id);
    if (!found) co_return fail(std::move(found.error()));
    known = std::move(*found);
    left_open_.erase(message.id);
    if (known && known->finished()) co_return std::move(*known);
  }
  auto driver = co_await begin_child(host, flight, message, std::move(known));
  if (!driver) co_return fail(std::move(driver.error()));
  flight.driver = std::move(*driver);
  child_waits_changed();
  const std::string run = flight.run;
  team_->switchboard->connect(run, {this, host.address.substr(host.address.rfind('/') + 1)});
  if (after_step_) flight.driver->finish_after_step();
  co_await flight.driver->run();
  team_->switchboard->disconnect(run);
  for (Over& over : flight.driver->over()) over_.push_back(std::move(over));
  flight.driver.reset();
  auto row = co_await journal_.find_run(run);
  if (!row) co_return fail(std::move(row.error()));
  if (!*row) co_return fail(ErrorCode::store, fmt::format("the run {} is not in the journal", run));
  co_return std::move(**row);
}

std::shared_ptr<const RunTarget> TeamRun::target_for(const Host& host, const Flight& flight) const {
  if (host.target) return host.target;
  const auto member = team_->members.find(member_at(host.address));
  if (member == team_->members.end()) return nullptr;
  const auto task = member->second.tasks.find(flight.task);
  return task == member->second.tasks.end() ? member->second.target : task->second;
}

// Of a member, or of the call of a tool.
std::shared_ptr<const RunTarget> TeamRun::target_at(std::string_view address) const {
  const std::string_view name = member_at(address);
  if (const auto member = team_->members.find(name); member != team_->members.end())
    return member->second.target;
  const auto tool = team_->tools.find(std::string(name));
  return tool == team_->tools.end() ? nullptr : tool->second;
}

// "writer" of "team/writer#2".
std::string_view TeamRun::member_at(std::string_view address) const {
  return Team::member_of(address.substr(team_->settings.name.size() + 1));
}

Task<Result<std::unique_ptr<RunDriver>>> TeamRun::begin_child(Host& host, Flight& flight,
                                                              const bus::Message& message,
                                                              std::optional<store::RunRow> known) {
  const store::RunRow& own = record_.row();
  const auto target = target_for(host, flight);
  if (!target) co_return fail(ErrorCode::not_found, fmt::format("there is no `{}`", host.address));
  if (known) {
    flight.run = known->id;
    go_on_reading(host, known->id);
    co_return co_await take_up_child(*target, std::move(*known), flight.work);
  }
  TurnNotes notes = notes_for_turn(unread(host));
  std::string text = message.text + notes.text;
  auto start = target->accept(text, inputs_);
  if (!start) co_return fail(std::move(start.error()));
  const std::int64_t now = loop_.clock().wall_ms();
  store::RunRow row;
  row.id = make_id("r_", now, services_.rng);
  row.session = own.session;
  row.tenant = own.tenant;
  row.target = own.target;
  row.agent = host.address;
  row.parent = own.id;
  row.message_id = message.id;
  row.input = std::move(text);
  row.created_ms = now;
  row.config = own.config;
  row.status = "running";
  if (!inputs_.empty()) row.extra = dump({{"inputs", inputs_}});
  store::Append append;
  append.events.push_back(run_event(row, "run.started"));
  append.run = row;
  Json began = {{"run", row.id}, {"used_ms", clock_.used().count()}};
  if (!notes.ids.empty()) {
    began["member"] = host.address;
    began["notes"] = notes.ids;
  }
  append.facts.push_back(record_.fact("team.began", 0, began));
  journal_.post(std::move(append));  // before what the run itself commits, which is waited for
  host.reading = std::move(notes.ids);
  flight.run = row.id;
  co_return (*start)->begin(services_for_child(), std::move(row), true, flight.work);
}

Task<Result<std::unique_ptr<RunDriver>>> TeamRun::take_up_child(const RunTarget& target, store::RunRow row,
                                                                Stop& stop) {
  auto start = co_await take_up_from(journal_, target, row, inputs_);
  if (!start) co_return fail(std::move(start.error()));
  co_return (*start)->begin(services_for_child(), std::move(row), true, stop);
}

// What an earlier process began and this one had no use for any more ends before the team does.
Task<> TeamRun::end_left_open() {
  for (auto& [message, row] : std::exchange(left_open_, {})) {
    Stop stop;
    stop.request(StopReason::cancelled);
    const auto target = target_at(row.agent);
    auto driver = target ? co_await take_up_child(*target, row, stop)
                         : fail(ErrorCode::not_found, fmt::format("there is no `{}`", row.agent));
    if (driver) {
      co_await (*driver)->run();
      for (Over& over : (*driver)->over()) over_.push_back(std::move(over));
    } else {
      RunRecord record(journal_, row);
      RunEnd end = co_await used_by(journal_, row);
      end.status = "failed";
      end.reason = "internal";
      end.detail = driver.error().message;
      store::Append append;
      record.finish(end, loop_.clock().wall_ms(), append);
      co_await record.commit(std::move(append));
    }
    auto ended = co_await journal_.find_run(row.id);
    if (ended && *ended && (*ended)->finished()) count(**ended);
  }
}

bus::Message TeamRun::head_of_reply(const bus::Message& message) {
  bus::Message reply;
  reply.id = message.id + ":reply";
  reply.room = message.room;
  reply.from = message.to;
  reply.to = message.from;
  reply.kind = bus::Kind::reply;
  reply.reply_to = message.id;
  return reply;
}

Task<Result<bus::Message>> TeamRun::reply_to(const bus::Message& message, Result<store::RunRow> ended) {
  bus::Message reply = head_of_reply(message);
  if (!ended) {
    put(reply_of(ended.error(), "not_begun"), reply);
    co_return reply;
  }
  auto events = co_await journal_.read_run_events(ended->id);
  if (!events) co_return fail(std::move(events.error()));
  put(reply_of(*ended, *events), reply);
  co_return reply;
}

RunServices TeamRun::services_for_child() {
  return {.loop = loop_,
          .journal = journal_,
          .account = tree_,
          .secrets = services_.secrets,
          .rng = services_.rng,
          .bus = services_.bus,
          .waits_changed = [this] { child_waits_changed(); }};
}

}  // namespace troupe::agents

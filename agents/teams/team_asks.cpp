#include "agents/teams/reply_message.h"
#include "agents/teams/team_run.h"
#include "runtime/base/suggest.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

/// What a team's run sends and waits for: tasks to members, calls of tools.
namespace troupe::agents {

namespace {

TeamEnd failed(std::string_view reason, std::string detail) {
  return {"failed", std::string(reason), std::move(detail)};
}

}  // namespace

bus::Message TeamRun::message_of(std::string key, std::string from, std::string to) const {
  const store::RunRow& row = record_.row();
  bus::Message message;
  message.id = fmt::format("bus:{}:{}", row.id, key);
  message.room = {row.tenant, row.session, row.id};
  message.from = address(from);
  message.to = to.empty() ? "" : address(to);
  return message;
}

std::optional<TeamEnd> TeamRun::no_such_member(std::string_view name) const {
  const std::string_view member = Team::member_of(name);
  if (team_->members.contains(member)) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& [known, one] : team_->members) names.push_back(known);
  return failed("no_such_member",
                fmt::format("the team has no member `{}`{}", name, did_you_mean(member, names)));
}

// Counted alike for what is sent again after a restart, so that the limits hold over processes.
std::optional<TeamEnd> TeamRun::may_send(const bus::Message& message, int messages) {
  if (after_step_) return TeamEnd{"cancelled", "cancelled", ""};
  const TeamLimits& limits = team_->settings.limits;
  if (const auto before = recorded_.said.extract(message.id)) --said_[before.mapped()];  // counted anew
  if (used_.messages + messages > limits.messages)
    return TeamEnd{"limit", "max_messages",
                   fmt::format("the team's {} messages are used up (limits.messages)", limits.messages)};
  const int times = ++said_[said_as(message)];
  if (times > limits.repeats)
    return TeamEnd{"limit", "repeated_message",
                   fmt::format("`{}` was about to send the same message to `{}` for the {}th time "
                               "(limits.repeats: {}); nothing new would come of it",
                               message.from, message.to.empty() ? message.topic.type : message.to, times,
                               limits.repeats)};
  used_.messages += messages;
  return std::nullopt;
}

// A member does one task after another. Whoever waits for one that waits for him would wait for ever.
bool TeamRun::waits_for(const Flight& one, const Flight& other) const {
  for (const Flight* at = &one; at; at = at->by.get())
    if (at == &other) return true;
  return std::ranges::any_of(other.waits_for, [&](const std::string& address) {
    const auto host = hosts_.find(address);
    return host != hosts_.end() && host->second->current && waits_for(one, *host->second->current);
  });
}

std::optional<TeamEnd> TeamRun::may_ask(const Flight* by, const std::string& to) const {
  const TeamLimits& limits = team_->settings.limits;
  if (used_.turns >= limits.turns)
    return TeamEnd{"limit", "max_turns",
                   fmt::format("the team's {} turns are used up (limits.turns)", limits.turns)};
  if (!by) return std::nullopt;
  if (by->depth >= limits.depth)
    return failed("max_depth", fmt::format("tasks within tasks may be {} deep (limits.depth)", limits.depth));
  const auto host = hosts_.find(to);
  if (host != hosts_.end() && host->second->current && waits_for(*by, *host->second->current))
    return failed("waits_for_you", fmt::format("`{}` is itself waiting for what you do now", to));
  return std::nullopt;
}

std::shared_ptr<Flight> TeamRun::flight_of_run(std::string_view run) const {
  if (run.empty()) return nullptr;
  for (const auto& [message, flight] : flights_)
    if (flight->run == run) return flight;
  return nullptr;
}

std::shared_ptr<Flight> TeamRun::flight_for(const std::string& message, const std::string& to) {
  auto& flight = flights_[message];
  if (!flight) {
    flight = std::make_shared<Flight>(loop_, work_);
    flight->message = message;
    flight->address = to;
  }
  return flight;
}

Task<Teamed<Reply>> TeamRun::ask(Ask ask, Stop& stop) {
  const auto by = flight_of_run(ask.run);
  if (auto end = no_such_member(ask.to)) co_return std::unexpected(std::move(*end));
  bus::Message message = message_of(std::move(ask.key), ask.from, ask.to);
  if (asked_before_.erase(message.id) > 0) {  // counted anew
    --used_.turns;
    used_.messages -= kTurnMessages;
  }
  message.kind = bus::Kind::task;
  message.text = std::move(ask.text);
  if (auto end = may_ask(by.get(), message.to)) co_return std::unexpected(std::move(*end));
  if (auto end = may_send(message, kTurnMessages)) co_return std::unexpected(std::move(*end));
  ++used_.turns;
  if (auto opened = open_host(message.to, nullptr); !opened)
    co_return std::unexpected(failed("bus", opened.error().message));
  auto flight = flight_for(message.id, message.to);
  flight->task = std::move(ask.task);
  flight->by = by;
  flight->depth = by ? by->depth + 1 : 1;
  auto reply = co_await request(std::move(message), flight, stop);
  if (!reply && !flight->begun) {  // a mailbox that was full, say: nothing was sent
    --used_.turns;
    used_.messages -= kTurnMessages;
  }
  co_return reply;
}

Task<Teamed<Reply>> TeamRun::call_tool(ToolAsk ask, Stop& stop) {
  const auto tool = team_->tools.find(ask.tool);
  if (tool == team_->tools.end())
    co_return std::unexpected(failed("no_such_tool", fmt::format("there is no tool `{}`", ask.tool)));
  const std::string to = ask.tool + "#" + ask.key;  // each call beside the others
  bus::Message message = message_of(std::move(ask.key), "", to);
  message.kind = bus::Kind::task;
  message.text = dump(ask.input);
  if (asked_before_.erase(message.id) > 0) {  // of a tool that is called as a member is
    --used_.turns;
    used_.messages -= kTurnMessages;
  }
  if (auto end = may_ask(nullptr, message.to)) co_return std::unexpected(std::move(*end));
  if (auto end = may_send(message, kTurnMessages)) co_return std::unexpected(std::move(*end));
  if (auto opened = open_host(message.to, tool->second); !opened)
    co_return std::unexpected(failed("bus", opened.error().message));
  const std::string at = message.to;
  auto flight = flight_for(message.id, message.to);
  auto reply = co_await request(std::move(message), std::move(flight), stop);
  if (const auto host = hosts_.find(at); reply && host != hosts_.end())
    host->second->stop.request(StopReason::cancelled);
  // What a member's own settings end is only the member's end.
  if (reply && reply->reason == kUnanswered)
    co_return std::unexpected(TeamEnd{"denied", std::string(kUnanswered), reply->detail});
  co_return reply;
}

Task<Teamed<Reply>> TeamRun::request(bus::Message message, std::shared_ptr<Flight> flight, Stop& stop) {
  const std::string id = message.id;
  const std::string to = message.to;
  const auto hook = stop.on_request([flight, &stop] { flight->stop.request(stop.reason()); });
  if (flight->by) flight->by->waits_for.insert(to);
  auto answered = co_await services_.bus.request(std::move(message), flight->stop);
  if (flight->by) flight->by->waits_for.erase(flight->by->waits_for.find(to));
  if (!answered) {
    // Whatever was begun for it ends before anybody hears that it did.
    flight->gone = true;
    flight->stop.request(StopReason::cancelled);
    if (flight->begun) co_await flight->ended.wait();
    // One that waits in the mailbox is passed over when its turn comes.
    if (flight->begun || answered.error().code != ErrorCode::cancelled) flights_.erase(id);
    co_return std::unexpected(end_of(answered.error(), to));
  }
  if (flight->begun) co_await flight->ended.wait();
  flights_.erase(id);
  ReplyRecord record = read_reply(*answered);
  if (stop.requested()) co_return std::unexpected(why_stopped());
  // It was told to end after its step, as the team was: no failure that a policy is for.
  if (after_step_ && record.reply.status == "cancelled")
    co_return std::unexpected(TeamEnd{"cancelled", "cancelled", ""});
  // Which limit it was is told by the account that refused, also of a run that ended in an earlier process.
  // One around this team ends it as its own does: there is nothing left for anybody else.
  if (record.reply.status == "limit" && tree_.is_told_in(record.reply.detail))
    co_return std::unexpected(TeamEnd{"limit", record.reply.reason, record.reply.detail});
  co_return std::move(record.reply);
}

TeamEnd TeamRun::end_of(const Error& error, const std::string& to) const {
  if (work_.requested()) return why_stopped();
  switch (error.code) {
    case ErrorCode::cancelled:
      return {"cancelled", "cancelled", ""};
    case ErrorCode::busy:
      return failed("mailbox_full", fmt::format("a message to `{}`: {} (limits.mailbox: {})", to,
                                                error.message, team_->settings.limits.mailbox));
    default:
      return failed("bus", fmt::format("a message to `{}`: {}", to, error.message));
  }
}

}  // namespace troupe::agents

#include "agents/teams/notes.h"
#include "agents/teams/team_run.h"
#include "agents/teams/topics.h"

#include <algorithm>
#include <utility>

/// Notes in a team's run: who sends them, and whose turn has them.
namespace troupe::agents {

namespace {

std::string member_in(const std::string& address) {
  return address.substr(address.rfind('/') + 1);
}

}  // namespace

// Mailboxes of those who read topics are there from the beginning, and of those who had read something when
// an earlier process ended: what was read then is done with, whether they have another turn or not.
Result<> TeamRun::open_readers() {
  const store::RunRow& row = record_.row();
  for (const auto& [name, topics] : topics_read(team_->settings)) {
    auto opened = open_host(address(name), nullptr);
    if (!opened) return fail(std::move(opened.error()));
    for (const TopicPattern& topic : topics)
      if (auto subscribed = services_.bus.subscribe({row.tenant, row.session, row.id}, address(name),
                                                    {.type = topic.type, .prefix = topic.prefix});
          !subscribed)
        return subscribed;
  }
  for (const auto& [reading, run] : recorded_.read_in) {
    auto opened = open_host(reading.first, nullptr);
    if (!opened) return fail(std::move(opened.error()));
    if (counted_.contains(run)) (*opened)->inbox->done(reading.second);
  }
  std::erase_if(recorded_.read_in, [this](const auto& one) { return counted_.contains(one.second); });
  return {};
}

Task<Teamed<Readers>> TeamRun::tell(Note note, Stop& stop) {
  if (!note.to.empty())
    if (auto end = no_such_member(note.to)) co_return std::unexpected(std::move(*end));
  bus::Message message = message_of(std::move(note.key), note.from, note.to);
  message.kind = bus::Kind::note;
  message.topic = std::move(note.topic);
  message.text = std::move(note.text);
  if (const auto before = recorded_.notes.find(message.id); before != recorded_.notes.end())
    co_return readers_of(message, before->second);
  if (auto end = may_send(message, 1)) co_return std::unexpected(std::move(*end));
  if (!message.to.empty())
    if (auto opened = open_host(message.to, nullptr); !opened)
      co_return std::unexpected(TeamEnd{"failed", "bus", opened.error().message});
  auto sent = co_await services_.bus.send(message, stop);
  if (!sent) {
    --used_.messages;
    co_return std::unexpected(end_of(sent.error(), message.to.empty() ? message.topic.type : message.to));
  }
  ++used_.notes;
  recorded_.notes.emplace(message.id, sent->receivers);
  co_return readers_of(message, sent->receivers);
}

Readers TeamRun::readers_of(const bus::Message& note, const std::vector<std::string>& receivers) const {
  Readers readers;
  for (const std::string& receiver : receivers) readers.names.push_back(member_in(receiver));
  if (!note.to.empty()) return readers;
  for (std::string& name : agents::readers_of(team_->settings, note.topic.type, member_in(note.from)))
    if (std::ranges::find(readers.names, name) == readers.names.end())
      readers.full.push_back(std::move(name));
  return readers;
}

// Without those that a turn of an earlier process has, which goes on here.
std::vector<bus::Message> TeamRun::unread(Host& host) const {
  std::vector<bus::Message> notes = host.inbox->notes();
  std::erase_if(
      notes, [&](const bus::Message& note) { return recorded_.read_in.contains({host.address, note.id}); });
  return notes;
}

void TeamRun::go_on_reading(Host& host, const std::string& run) const {
  for (const auto& [reading, in] : recorded_.read_in)
    if (reading.first == host.address && in == run) host.reading.push_back(reading.second);
}

// A member that failed, or was stopped, has them again at its next turn.
bool TeamRun::got_through(const store::RunRow& ended) {
  return ended.status != "failed" && ended.status != "cancelled";
}

void TeamRun::put_away_notes(Host& host, const store::RunRow& ended) {
  for (const std::string& id : std::exchange(host.reading, {})) {
    recorded_.read_in.erase({host.address, id});
    if (got_through(ended)) host.inbox->done(id);
  }
}

}  // namespace troupe::agents

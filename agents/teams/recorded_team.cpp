#include "agents/teams/recorded_team.h"

#include "agents/runs/fact_fields.h"
#include "runtime/bus/message_event.h"

#include <algorithm>
#include <utility>

namespace troupe::agents {

namespace {

// Those without a reply are asked again, or were never sent.
Result<std::map<std::string, RecordedAsk>> asks_of_members(const std::vector<Frame>& events) {
  std::map<std::string, RecordedAsk> open;
  std::map<std::string, RecordedAsk> asks;
  for (const Frame& frame : events) {
    if (frame.type != bus::kMessageEvent) continue;
    auto posted = bus::posted_of(frame, {});
    if (!posted) return fail(std::move(posted.error()));
    bus::Message& message = posted->message;
    if (message.kind == bus::Kind::task && message.from.contains('/')) {
      open[message.id] = {std::move(message.from), std::move(message.to), std::move(message.text), {}};
    } else if (auto asked = open.extract(message.reply_to)) {
      asked.mapped().reply = read_reply(message);
      asks.insert(std::move(asked));
    }
  }
  return asks;
}

}  // namespace

Result<RecordedTeam> fold_team(const std::vector<store::Fact>& facts, const std::vector<Frame>& events) {
  RecordedTeam team{.taken_up = true};
  for (const Frame& frame : events)
    if (frame.type == "run.started") team.started = true;
  auto asks = asks_of_members(events);
  if (!asks) return fail(std::move(asks.error()));
  team.asks = std::move(*asks);
  for (const store::Fact& fact : facts) {
    auto body = parse_json(fact.body);
    if (!body) return within("journal, run " + fact.run + ", fact " + std::string(fact.kind), body.error());
    team.used = std::max(team.used, Milliseconds(number_or(*body, "used_ms")));
    std::string key = string_or(*body, "key");
    if (fact.kind == "team.decided") {
      const Json* what = find(*body, "what");
      team.decisions.insert_or_assign(std::move(key), what ? *what : Json());
    } else if (fact.kind == "team.told") {
      team.told.insert(std::move(key));
    } else if (fact.kind == "team.file") {
      team.files.insert(std::move(key));
    } else if (fact.kind == "team.board") {
      auto write = board_write_from(*body);
      if (!write) return within("journal, run " + fact.run, write.error());
      team.board.push_back(std::move(*write));
    }
  }
  return team;
}

}  // namespace troupe::agents

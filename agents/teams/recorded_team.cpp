#include "agents/teams/recorded_team.h"

#include "agents/runs/fact_fields.h"
#include "runtime/base/sha256.h"
#include "runtime/bus/message_event.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

Result<> recall_message(const Frame& frame, RecordedTeam& team) {
  auto posted = bus::posted_of(frame, {});
  if (!posted) return fail(std::move(posted.error()));
  const bus::Message& message = posted->message;
  if (message.kind == bus::Kind::reply) return {};
  team.said.insert_or_assign(message.id, said_as(message));
  if (message.kind == bus::Kind::note) team.notes.insert_or_assign(message.id, std::move(posted->receivers));
  return {};
}

void recall_reading(const Json& began, RecordedTeam& team) {
  const Json* notes = find(began, "notes");
  if (!notes || !notes->is_array()) return;
  for (const Json& id : *notes)
    if (id.is_string())
      team.read_in.insert_or_assign({string_or(began, "member"), id.get<std::string>()},
                                    string_or(began, "run"));
}

}  // namespace

std::string said_as(const bus::Message& message) {
  const std::string& to = message.to.empty() ? message.topic.type : message.to;
  return sha256_hex(fmt::format("{}\n{}\n{}", message.from, to, message.text));
}

Result<RecordedTeam> fold_team(const std::vector<store::Fact>& facts, const std::vector<Frame>& events) {
  RecordedTeam team{.taken_up = true};
  for (const Frame& frame : events) {
    if (frame.type == "run.started") team.started = true;
    if (frame.type != bus::kMessageEvent) continue;
    if (auto recalled = recall_message(frame, team); !recalled) return within("journal", recalled.error());
  }
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
    } else if (fact.kind == "team.began") {
      recall_reading(*body, team);
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

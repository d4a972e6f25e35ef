#include "agents/teams/recorded_team.h"

#include "agents/runs/fact_fields.h"

#include <algorithm>
#include <utility>

namespace troupe::agents {

Result<RecordedTeam> fold_team(const std::vector<store::Fact>& facts, const std::vector<Frame>& events) {
  RecordedTeam team{.taken_up = true};
  for (const Frame& frame : events)
    if (frame.type == "run.started") team.started = true;
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

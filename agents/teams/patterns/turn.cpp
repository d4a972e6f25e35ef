#include "agents/teams/patterns/turn.h"

#include "agents/teams/patterns/failure.h"

#include <utility>

namespace troupe::agents {

Task<Teamed<std::optional<Reply>>> take_turn(Crew& crew, Ask ask, Stop& stop) {
  if (stop.requested()) co_return std::unexpected(team_cancelled());
  const std::string to = ask.to;
  auto reply = co_await ask_by_policy(crew, std::move(ask), crew.settings().failure, stop);
  if (reply && *reply && (*reply)->from.empty()) (*reply)->from = to;
  co_return reply;
}

}  // namespace troupe::agents

#include "agents/teams/patterns/talk.h"

#include "agents/teams/conversation/answer.h"
#include "agents/teams/conversation/until.h"
#include "agents/teams/patterns/turn.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

Task<Teamed<std::optional<TeamAnswer>>> Talk::turn(std::string name) {
  const int most = crew_.settings().limits.turns;
  if (turns_ >= most) co_return stopped("max_turns", fmt::format("{} turns were taken", turns_));
  const std::string closing = said_.all().empty() ? "" : fmt::format("It is your turn, {}.", name);
  Ask ask{.key = fmt::format("turn.{}", ++turns_),
          .to = name,
          .text = said_.told_to(listener_of(crew_, name), closing)};
  auto reply = co_await take_turn(crew_, std::move(ask), stop_);
  if (!reply) {
    TeamEnd& end = reply.error();
    if (end.status == "limit" && end.reason == "max_turns") co_return stopped(end.reason, end.detail);
    co_return std::unexpected(std::move(end));
  }
  speaker_ = *reply ? (*reply)->from : name;
  if (*reply) said_.said(**reply);
  co_return after(*reply ? (*reply)->text : "");
}

Teamed<std::optional<TeamAnswer>> Talk::after(std::string_view text) {
  if (auto held = held_until(crew_, fmt::format("until.{}", turns_), said_)) return answer_of(said_, *held);
  const TeamLimits& limits = crew_.settings().limits;
  switch (progress_.turn(speaker_, text)) {
    case Pace::moving:
      break;
    case Pace::new_plan:
      crew_.warn(fmt::format("turn.{}.new_plan", turns_), "new_plan",
                 fmt::format("{} turns in a row brought nothing new; the members are told", limits.stall));
      said_.remark(new_plan_remark(limits.stall));
      break;
    case Pace::stalled:
      return stopped("stalled", fmt::format("{} turns in a row brought nothing new, also after the members "
                                            "were told",
                                            limits.stall));
    case Pace::repeating:
      return stopped("repeated_message", "two members tell each other the same again and again");
  }
  return std::nullopt;
}

Teamed<std::optional<TeamAnswer>> Talk::stopped(std::string reason, std::string detail) const {
  auto answer = stopped_at(std::move(reason), std::move(detail), said_);
  if (!answer) return std::unexpected(std::move(answer.error()));
  return std::move(*answer);
}

std::string new_plan_remark(int turns) {
  return fmt::format(
      "The last {} turns brought nothing new. Say what is missing and try another way, or finish with what "
      "there is.",
      turns);
}

}  // namespace troupe::agents

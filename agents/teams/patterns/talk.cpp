#include "agents/teams/patterns/talk.h"

#include "agents/teams/conversation/answer.h"
#include "agents/teams/conversation/until.h"
#include "agents/teams/patterns/turn.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

Talk::Step step(Teamed<TeamAnswer> end) {
  if (!end) return std::unexpected(std::move(end.error()));
  return std::move(*end);
}

}  // namespace

Task<Talk::Step> Talk::turn(std::string name) {
  const int most = crew_.settings().limits.turns;
  if (turns_ >= most) co_return stopped("max_turns", fmt::format("{} turns were taken", turns_));
  const std::string closing = said_.all().empty() ? "" : fmt::format("It is your turn, {}.", name);
  Ask ask{.key = fmt::format("turn.{}", ++turns_),
          .to = name,
          .text = said_.told_to(listener_of(crew_, name), closing)};
  auto reply = co_await take_turn(crew_, std::move(ask), stop_);
  if (!reply) co_return step(ended_by(std::move(reply.error()), said_));
  speaker_ = *reply ? (*reply)->from : name;
  if (*reply) said_.said(**reply);
  co_return after(*reply ? (*reply)->text : "");
}

Talk::Step Talk::after(std::string_view text) {
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

Talk::Step Talk::stopped(std::string reason, std::string detail) const {
  return step(stopped_at(std::move(reason), std::move(detail), said_));
}

std::string new_plan_remark(int turns) {
  return fmt::format(
      "The last {} turns brought nothing new. Say what is missing and try another way, or finish with what "
      "there is.",
      turns);
}

}  // namespace troupe::agents

#pragma once

#include "models/builtin/colleague_tool.h"
#include "models/builtin/offer.h"
#include "models/builtin/planner.h"
#include "models/builtin/seat.h"
#include "models/builtin/team_text.h"
#include "models/builtin/turn.h"
#include "models/builtin/zones.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// Decides the next step of a member of a team, by these rules in this order: it names a speaker, gives a
/// verdict or decides a debate where that is asked for; asks a person where the task says so and it can;
/// delegates, as who leads the team or where it can do nothing itself; hands over to a colleague who fits
/// clearly better; asks a colleague whom the task names; uses its own tools; says yes or no where that is
/// asked of what others gave, or writes it up; looks the topic up; says where it stands. What is left is the
/// Planner's, as outside of teams. Like the Planner it makes the plan anew at each step and walks it along
/// the observations. Pure.
class TeamPlanner {
 public:
  /// `turn.question` is `text.task`. All outlive the planner.
  TeamPlanner(const Turn& turn, const TeamText& text, const Seat& seat, const Offer& offer,
              const Zones& zones);

  Decision decide();

 private:
  using Step = std::optional<Decision>;

  Step judge() const;
  Step ask_person();
  Step delegate();
  Step delegate_again(const ColleagueTool& tool, const Listed& last);
  Step hand_over();
  Step ask_colleague();
  Step own_words() const;
  Step yes_or_no() const;
  Decision look_up(const Subject& topic) const;
  std::string position() const;

  /// Whether its own tools serve all that the task asks for.
  bool served() const;
  const Observed* call(std::string_view tool, std::string thought, Json input);
  FinalAnswer answer(std::string text) const;

  const Turn& turn_;
  const TeamText& text_;
  const Seat& seat_;
  const Offer& offer_;
  const Zones& zones_;
  const Language language_;
  const std::vector<Material> told_;
  std::vector<bool> used_;  ///< observations already walked over
  std::optional<NextCall> pending_;
  std::string person_;  ///< what a person said to it
};

}  // namespace troupe::models::builtin

#pragma once

#include "agents/teams/conversation/conversation.h"
#include "agents/teams/conversation/progress.h"
#include "agents/teams/crew.h"
#include "agents/teams/pattern.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::agents {

/// A conversation in which one speaks at a time, until the team's condition holds, it gets nowhere, or it
/// had its turns. Keeps what was said, and asks under "turn.N". Loop thread only; crew and stop outlive it.
class Talk {
 public:
  /// An answer where the team ends, nothing where it goes on.
  using Step = Teamed<std::optional<TeamAnswer>>;

  Talk(std::string task, Crew& crew, Stop& stop)
      : crew_(crew), stop_(stop), said_(std::move(task)), progress_(crew.settings().limits) {}

  /// Asks `name` for its turn. Ends: as take_turn(), but at a limit only where nobody said anything that
  /// could be the answer.
  Task<Step> turn(std::string name);

  const Conversation& said() const { return said_; }
  /// Who spoke last, or was skipped; "": nobody yet.
  const std::string& speaker() const { return speaker_; }
  /// Turns so far.
  int turns() const { return turns_; }

 private:
  Step stopped(std::string reason, std::string detail) const;
  Step after(std::string_view text);

  Crew& crew_;
  Stop& stop_;
  Conversation said_;
  Progress progress_;
  std::string speaker_;
  int turns_ = 0;
};

/// What a team says to its members when they get nowhere.
std::string new_plan_remark(int turns);

}  // namespace troupe::agents

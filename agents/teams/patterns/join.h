#pragma once

#include "agents/teams/crew.h"
#include "agents/teams/pattern.h"
#include "agents/teams/settings.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// How what was done at once becomes one. Pure.
namespace troupe::agents {

/// Counts what of several things at work is there, until it is enough or cannot become enough. A failure of
/// one ends `all` at once; under `any` and `quorum` it only counts once too few of the others can succeed.
/// What was skipped is no success, and ends nothing under `all`.
class JoinCount {
 public:
  enum class State { waiting, enough, too_few };

  JoinCount(const JoinSettings& settings, std::size_t all);

  /// What came after the end is not counted.
  void succeeded(std::size_t which);
  void skipped();
  void failed(std::string detail);

  State state() const { return state_; }
  /// Those that succeeded, the first that was there first.
  const std::vector<std::size_t>& there() const { return there_; }
  /// Why it is too few.
  std::string why() const;

 private:
  void settle();

  const bool all_;
  const std::size_t total_;
  const std::size_t needed_;
  State state_ = State::waiting;
  std::vector<std::size_t> there_;
  std::size_t skipped_ = 0;
  std::vector<std::string> failures_;
};

/// A result under the name of the task or member that gave it.
using NamedReply = std::pair<std::string, Reply>;

/// All of them, each under its name; with data where one of them has some: an object by name. Citations of
/// several texts would share their numbers, so there are none. A single one is itself.
TeamAnswer concatenated(const std::vector<NamedReply>& replies);

/// The one that most gave, compared without case, blanks and punctuation at its ends, and the data that goes
/// with it; a tie is for the one that stands first. `replies` is not empty.
TeamAnswer most_given(const std::vector<NamedReply>& replies);

TeamAnswer answer_of(const Reply& reply);

}  // namespace troupe::agents

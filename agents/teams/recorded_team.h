#pragma once

#include "agents/teams/blackboard.h"
#include "runtime/base/clock.h"
#include "runtime/base/event.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/bus/message.h"
#include "runtime/store/journal.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe::agents {

/// What the journal has of a team's run, beside the runs of its members and the messages on its bus.
struct RecordedTeam {
  bool taken_up = false;  ///< the journal had it: an earlier process was at it
  bool started = false;
  Milliseconds used{0};                                   ///< of the run's time
  std::map<std::string, Json> decisions;                  ///< by key
  std::set<std::string> told;                             ///< keys of warnings and handoffs
  std::set<std::string> files;                            ///< keys of files that were written
  std::vector<BoardWrite> board;                          ///< in the order they were written
  std::map<std::string, std::string> said;                ///< tasks and notes by id, as said_as() has them
  std::map<std::string, std::vector<std::string>> notes;  ///< by id, with the addresses they went to
  /// By the address that reads and the id of the note: the run that has it in its task.
  std::map<std::pair<std::string, std::string>, std::string> read_in;
};

/// Two messages that are the same from and to the same ones have the same one.
std::string said_as(const bus::Message& message);

/// Errors: store (a fact that does not parse: the journal is damaged).
Result<RecordedTeam> fold_team(const std::vector<store::Fact>& facts, const std::vector<Frame>& events);

}  // namespace troupe::agents

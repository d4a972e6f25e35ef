#pragma once

#include "runtime/async/task.h"
#include "runtime/store/journal.h"
#include "tests/simulation/conversation.h"

#include <map>
#include <string>
#include <vector>

namespace troupe::simulation {

/// Everything a disk has of one session.
struct History {
  std::vector<Frame> events;
  std::vector<store::RunRow> runs;
  std::map<std::string, std::vector<store::Fact>> facts;  ///< by run
};

Task<History> read_history(store::Journal& journal, std::string session);

/// What of the promises it breaks, and where its client saw anything else.
std::vector<std::string> check_history(const History& history, const Conversation& conversation);

}  // namespace troupe::simulation

#pragma once

#include "agents/check/history.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::agents {

/// What a start does with a run whose journal ends here (docs/journal.md).
enum class NextAction {
  begin,            ///< it was accepted only
  ask_model,        ///< ask, or ask again
  make_calls,       ///< make or look up calls that were decided
  wait_for_person,  ///< wait on
  judge,            ///< hold rules against the message or the answer
  walk_chain,       ///< walk through the chain anew
  lead_team,        ///< go through the team's pattern anew
  nothing,          ///< it has ended
};
std::string_view word(NextAction action);

/// Follows the records of one run in their order and knows which may come next. It is told records of every
/// kind of run; what it does not know it lets pass, since a newer version may have written it.
class RunMachine {
 public:
  /// `retold`: the run was taken in from a file, whose calls and outputs need not belong together.
  explicit RunMachine(bool retold = false) : retold_(retold) {}

  /// Nothing, or why the record cannot follow on those before it.
  std::optional<std::string> take(const Record& record);
  NextAction next() const;

 private:
  using Call = std::pair<int, std::string>;  // step, call

  std::optional<std::string> event(const Record& record);
  std::optional<std::string> fact(const Record& record);
  std::optional<std::string> model_fact(const Record& record);
  std::optional<std::string> call_fact(const Record& record);
  std::optional<std::string> chain_fact(const Record& record);
  bool waits() const;
  bool calls_open() const;

  const bool retold_;
  bool accepted_ = false;
  bool started_ = false;
  bool finished_ = false;
  std::int64_t end_ = 0;  // pos of the last record of the commit that ended it
  bool copied_ = false;   // it ended elsewhere, and its facts stand behind the events of all that was copied
  bool chain_ = false;
  bool team_ = false;
  int step_ = 0;                 // of the last request
  std::int64_t attempt_ = 0;     // of it
  bool open_request_ = false;    // it has no reply
  std::set<Call> actions_;       // events
  std::set<Call> observed_;      // events
  std::set<std::string> asked_;  // calls, by approval.required
  std::set<std::string> decided_;
  std::set<std::string> intents_;  // facts
  std::set<std::string> pending_;
  std::set<std::string> settled_;
  std::set<std::string> dispatched_;  // and not asked about since
  std::set<std::string> open_chain_calls_;
  std::set<std::string> searches_;
  int open_verdicts_ = 0;
};

}  // namespace troupe::agents

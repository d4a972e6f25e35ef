#pragma once

#include "agents/check/history.h"
#include "runtime/base/json.h"
#include "runtime/store/usage.h"

#include <cstdint>
#include <optional>

namespace troupe::agents {

/// What the journal tells that a run, or a session, used of models.
struct Told {
  store::Used used;                 ///< by usage events; replies from the cache are not in it
  store::Used copied;               ///< of that, what was copied from another run, which the ledger has there
  std::int64_t cached_replies = 0;  ///< tokens of those
  /// Tokens that no event tells of and that may have been used all the same: of requests whose reply a crash
  /// took, or that failed without one.
  std::int64_t untold = 0;
  std::int64_t untold_calls = 0;

  std::int64_t largest = 0;  ///< tokens of one response
  double dearest = 0;        ///< cost of one
  std::int64_t beside = 0;   ///< tokens of calls that no limit was held against before: of tools
  double beside_cost = 0;
  std::int64_t at_once = 1;  ///< requests that were open at the same time
  bool leads = false;        ///< a team: the row adds up those of its members
  Told& operator+=(const Told& more);
  std::int64_t tokens() const { return used.input_tokens + used.output_tokens; }
};

Told told_by(const History& history);
/// Of that, what only facts tell of models: requests without a reply, calls of tools, that it leads a team.
/// Without those of memory.
Told told_by_facts(const History& history);
/// One usage event.
void add_usage_event(const Json& event, Told& told);

/// What a run may use, as the snapshot of the configuration that its row bears says: of the agent, the chain
/// or the team that it was asked of, or of the member that it is a run of. Nothing where it does not say.
struct RunLimits {
  std::int64_t tokens = 0;    ///< 0: not known
  double cost = 0;            ///< 0: none
  std::int64_t parallel = 1;  ///< responses that may pass it together
  bool team = false;
};
std::optional<RunLimits> limits_of(const Json& snapshot, const store::RunRow& row);

/// I6, of a run: what its row adds up is what its events tell, and is within its limits and one response.
/// Of a team, `told` has the largest response of its members.
void check_spending(const store::RunRow& row, const Told& told, const std::optional<RunLimits>& limits,
                    RunFindings& findings);

/// I6, of a session: the ledger has what events tell of, and nothing that they could not account for.
std::optional<Finding> check_ledger(const store::AuditReader::SessionFigures& session, const Told& told);

}  // namespace troupe::agents

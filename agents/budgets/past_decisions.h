#pragma once

#include "agents/react/budget.h"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::agents {

/// Fact of a run: a request that was not made, because a budget that runs spend together had no room for it.
/// `of` and `step` say which, `reason` and `detail` which budget.
inline constexpr std::string_view kRefusedFact = "budget.refused";

/// A request that is about to be made, among those that a run may make in one step.
struct BudgetQuestion {
  std::string run;
  int step = 0;
  std::string of;  ///< model_request(), judge_request() or chain_request()
};
inline std::string model_request() {
  return "model";
}
inline std::string judge_request(std::string_view side, std::size_t place) {
  return "guard " + std::string(side) + "." + std::to_string(place);
}
inline std::string chain_request(const std::string& key) {
  return "chain " + key;
}

/// What budgets had decided when runs were recorded that are executed again: what others spent meanwhile is
/// not known any more, and nobody spends anything now. Loop thread only.
class PastDecisions {
 public:
  virtual ~PastDecisions() = default;
  /// The budget that had no room for a request; nothing: it was made, or is made only now.
  virtual std::optional<LimitReached> refused(const BudgetQuestion& question) = 0;
  /// Which entry of `models:` a request went to first; "": the model that was to be asked, or it is not
  /// known.
  virtual std::string entry(const BudgetQuestion& question) = 0;
  /// The budget that was spent by what is being written at this moment.
  virtual std::optional<LimitReached> reached() = 0;
};

}  // namespace troupe::agents

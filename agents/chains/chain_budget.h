#pragma once

#include "agents/chains/settings.h"
#include "agents/react/budget.h"
#include "models/message.h"
#include "models/price.h"

#include <cstdint>
#include <optional>

namespace troupe::agents {

/// The tokens and the money of one run of a chain, whose calls may be at work at once. A call is refused
/// before it is made when its request alone would pass a limit, and what calls write counts while they write
/// it, all of them together. Pure.
class ChainBudget {
 public:
  explicit ChainBudget(ChainLimits limits) : limits_(limits) {}

  /// What one call has in flight. Given back when it ends; the budget outlives it.
  class Flight {
   public:
    explicit Flight(ChainBudget& budget) : budget_(budget) {}
    ~Flight() { set(0, 0); }
    Flight(const Flight&) = delete;
    Flight& operator=(const Flight&) = delete;
    void set(std::int64_t tokens, double cost) {
      budget_.flying_tokens_ += tokens - tokens_;
      budget_.flying_cost_ += cost - cost_;
      tokens_ = tokens;
      cost_ = cost;
    }

   private:
    ChainBudget& budget_;
    std::int64_t tokens_ = 0;
    double cost_ = 0;
  };

  /// The limit that a request of so many tokens would pass by itself.
  std::optional<LimitReached> refusal(std::int64_t input, const std::optional<models::Price>& price) const;
  /// The limit that is used up by now, or "". `cost`: a limit of cost holds for who asks.
  std::string_view used_up(bool cost) const;

  /// What a call used in the end.
  void spent(const models::Usage& usage, double cost);
  /// What a crash took: it counts against the limits, but no event tells of it.
  void spent_untold(std::int64_t tokens, double cost);

  const models::Usage& usage() const { return usage_; }
  double cost() const { return cost_; }

 private:
  std::int64_t tokens_at_work() const {
    return usage_.input_tokens + usage_.output_tokens + untold_tokens_ + flying_tokens_;
  }
  double cost_at_work() const { return cost_ + untold_cost_ + flying_cost_; }

  const ChainLimits limits_;
  models::Usage usage_;
  double cost_ = 0;
  std::int64_t untold_tokens_ = 0;
  double untold_cost_ = 0;
  std::int64_t flying_tokens_ = 0;
  double flying_cost_ = 0;
};

}  // namespace troupe::agents

#pragma once

#include "agents/agent.h"
#include "agents/budgets/account.h"
#include "models/message.h"
#include "models/price.h"
#include "runtime/async/task.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// One run's way to the budgets that it shares with others, and to the ledger. What is decided here is about
/// calls that are still to be made: a run that is taken up again is not asked about those it made.
class Purse {
 public:
  /// All outlive the purse; `row` is of the run.
  Purse(Account& account, const Clock& clock, const store::RunRow& row);
  ~Purse();
  Purse(const Purse&) = delete;
  Purse& operator=(const Purse&) = delete;

  /// Asks the ledger about the session, where there is a budget for sessions. Errors: store.
  Task<Result<>> open(store::Journal& journal);

  struct Grant {
    Account::Hold hold;
    std::string entry;  ///< the first entry of the agent's chain that can be paid; "": its own model
  };
  /// For the first model of the agent's chain, from the one that the run's own limits allow, that the cost
  /// budgets have room for, for its request of this step. The error is the budget that is in the way of that
  /// one.
  std::expected<Grant, LimitReached> grant(const Agent& agent, const Allowance& allowed, int step);
  /// The same for a chain of another model, from its first on.
  std::expected<Grant, LimitReached> grant(const std::vector<std::string>& chain,
                                           const models::PriceList& prices, std::int64_t input);
  /// For another model: the request `of` (see BudgetQuestion) of a step.
  std::expected<Account::Hold, LimitReached> hold(std::int64_t input,
                                                  const std::optional<models::Price>& price, int step,
                                                  const std::string& of);
  /// Which entry of `models:` that request went to when it was recorded; nothing where it is a new one.
  std::optional<std::string> entry_then(int step, const std::string& of) const;
  bool written(Account::Hold& hold, std::int64_t tokens) const { return hold.written(tokens, now()); }
  bool serve(Account::Hold& hold, const std::optional<models::Price>& price) const {
    return hold.serve(price, now());
  }

  /// Counts a call and returns its line for the ledger, which belongs in the append that tells of the call.
  /// `model` is its entry in `models:`.
  store::Spending spend(const models::Usage& usage, double cost, std::string model);

 private:
  std::expected<Grant, LimitReached> first_that_fits(
      const std::vector<std::string>& chain, std::size_t from, std::int64_t input,
      const std::function<std::optional<models::Price>(const std::string&)>& price_of);
  std::optional<LimitReached> refused_then(int step, const std::string& of) const;
  std::int64_t now() const { return clock_.wall_ms(); }

  Account& account_;
  const Clock& clock_;
  const store::RunRow& row_;
  const Payer payer_;
};

}  // namespace troupe::agents

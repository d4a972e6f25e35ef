#pragma once

#include <cstdint>

namespace troupe::agents {

/// How much may be spent in one place.
struct BudgetLimit {
  std::int64_t tokens = 0;  ///< input + output; 0: no limit
  double cost = 0;          ///< in the currency of the models' prices; 0: no limit
  bool operator==(const BudgetLimit&) const = default;
};

/// `budgets:`, what runs spend together. A day is one of UTC.
struct BudgetSettings {
  BudgetLimit session;     ///< a conversation, as long as it is kept
  BudgetLimit tenant;      ///< a tenant, as long as its store is kept
  BudgetLimit tenant_day;  ///< a tenant, a day
  BudgetLimit day;         ///< everybody, a day
  bool operator==(const BudgetSettings&) const = default;
};

}  // namespace troupe::agents

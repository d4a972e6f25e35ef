#include "agents/budgets/section.h"

#include "runtime/config/scalars.h"

namespace troupe::agents {

namespace {

constexpr double kCostMin = 0.000001;
constexpr double kCostMax = 1e9;
constexpr std::int64_t kTokensMax = 1'000'000'000'000;

config::Record<BudgetLimit> limit(std::string about) {
  config::Record<BudgetLimit> limit(std::move(about));
  limit
      .field("tokens", &BudgetLimit::tokens, config::integer<std::int64_t>(1, kTokensMax),
             "input and output tokens together; without it no limit")
      .without_default();
  limit
      .field("cost", &BudgetLimit::cost, config::number(kCostMin, kCostMax),
             "in the currency of the models' prices; without it no limit")
      .without_default();
  return limit;
}

}  // namespace

config::Record<BudgetSettings> budgets_section() {
  config::Record<BudgetSettings> budgets("What runs may spend together; each is kept across restarts");
  budgets.field("session", &BudgetSettings::session,
                config::shape(limit("What a session may spend, all its runs together")),
                "each session, as long as it is kept");
  budgets.field("tenant", &BudgetSettings::tenant,
                config::shape(limit("What a tenant may spend, all its sessions together")),
                "each tenant, as long as the store is kept");
  budgets.field("tenant_day", &BudgetSettings::tenant_day,
                config::shape(limit("What a tenant may spend on one day of UTC")), "each tenant, a day");
  budgets.field("day", &BudgetSettings::day,
                config::shape(limit("What all tenants together may spend on one day of UTC")),
                "everybody, a day");
  return budgets;
}

}  // namespace troupe::agents

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
  config::Record<BudgetSettings> budgets("What runs may spend together; it is kept across restarts");
  const auto add = [&](std::string key, BudgetLimit BudgetSettings::* member, std::string about) {
    budgets.field(std::move(key), member, config::shape(limit(about)), about);
  };
  add("session", &BudgetSettings::session, "what a session may spend, all its runs together");
  add("tenant", &BudgetSettings::tenant, "what a tenant may spend, all its sessions together, ever");
  add("tenant_day", &BudgetSettings::tenant_day, "what a tenant may spend on one day of UTC");
  add("day", &BudgetSettings::day, "what all tenants may spend together on one day of UTC");
  return budgets;
}

}  // namespace troupe::agents

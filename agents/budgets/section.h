#pragma once

#include "agents/budgets/settings.h"
#include "runtime/config/record.h"

namespace troupe::agents {

/// The `budgets:` section.
config::Record<BudgetSettings> budgets_section();

}  // namespace troupe::agents

#pragma once

#include "agents/strategies/strategy.h"

/// The factories of strategies.def. Errors: invalid (tools that the strategy cannot work with).
namespace troupe::agents {

#define TROUPE_STRATEGY(name, about) Result<std::unique_ptr<Strategy>> make_##name(const Declarations& tools);
#include "agents/strategies/strategies.def"
#undef TROUPE_STRATEGY

}  // namespace troupe::agents

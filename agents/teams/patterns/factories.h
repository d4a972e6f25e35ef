#pragma once

#include "agents/teams/pattern.h"

#include <memory>

/// The factories of patterns.def.
namespace troupe::agents {

#define TROUPE_PATTERN(name, about) std::unique_ptr<Pattern> make_##name(const TeamSettings& settings);
#include "agents/teams/patterns/patterns.def"
#undef TROUPE_PATTERN

}  // namespace troupe::agents

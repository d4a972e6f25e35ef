#pragma once

#include "agents/chains/settings.h"
#include "runtime/config/shape.h"

#include <string_view>
#include <vector>

namespace troupe::agents {

/// The key that decides what a step does: "prompt", "model", …
std::string_view word(ChainStepKind kind);

/// A list of steps as it is written in a configuration. Each step is a map in which one key says what it
/// does, and the others how.
config::ShapePtr<std::vector<ChainStepSettings>> chain_steps_shape();

}  // namespace troupe::agents

#pragma once

#include "agents/agent.h"
#include "tests/simulation/outside.h"

#include <memory>
#include <string>
#include <vector>

namespace troupe::simulation {

/// A configuration with agents, chains and teams of every kind there is, on simulated models and tools.
std::shared_ptr<const agents::Catalog> make_troupe(Stage stage);
/// Whom to ask there: agents, a chain, a team of each pattern.
const std::vector<std::string>& troupe_targets();

}  // namespace troupe::simulation

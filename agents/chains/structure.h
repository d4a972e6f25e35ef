#pragma once

#include "agents/chains/settings.h"

#include <string>
#include <vector>

namespace troupe::agents {

/// What is wrong with how the steps of a chain follow each other.
struct ChainProblem {
  std::string key;  ///< where, as in the configuration: "steps[1].prompt"
  std::string text;
};

/// Everything that is wrong, in the order of the steps: a parser without a reply, passages that nobody
/// retrieved, a placeholder that nothing fills, a name used twice, a step without a model. The prompts of
/// files are read in already. Pure.
std::vector<ChainProblem> structure_problems(const ChainSettings& chain);

}  // namespace troupe::agents

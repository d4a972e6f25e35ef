#pragma once

#include "agents/chains/settings.h"
#include "agents/forks/lineage.h"
#include "agents/settings.h"
#include "agents/teams/settings.h"

#include <memory>

namespace troupe::agents {

inline AgentLimits granted(AgentLimits limits, int times) {
  limits.steps *= times;
  limits.repeats *= times;
  limits.tokens *= times;
  limits.cost *= times;
  limits.time *= times;
  return limits;
}
inline ChainLimits granted(ChainLimits limits, int times) {
  limits.tokens *= times;
  limits.cost *= times;
  limits.time *= times;
  return limits;
}
inline TeamLimits granted(TeamLimits limits, int times) {
  limits.tokens *= times;
  limits.cost *= times;
  limits.time *= times;
  limits.turns *= times;
  limits.repeats *= times;
  limits.messages *= times;
  return limits;
}

/// Who does a run, with its limits as often as they are granted to it.
template <class Doer>
std::shared_ptr<const Doer> granted(std::shared_ptr<const Doer> doer, const store::RunRow& row) {
  const int times = lineage_of(row).granted;
  if (times == 1) return doer;
  auto more = std::make_shared<Doer>(*doer);
  more->settings.limits = granted(more->settings.limits, times);
  return more;
}

}  // namespace troupe::agents

#include "agents/runs/run_target.h"

#include "agents/chains/chain_target.h"
#include "agents/runs/agent_target.h"
#include "runtime/base/suggest.h"

#include <iterator>

namespace troupe::agents {

std::shared_ptr<const RunTarget> find_target(const Catalog& catalog, std::string_view name) {
  if (auto agent = catalog.agents.find(name); agent != catalog.agents.end())
    return std::make_shared<AgentTarget>(agent->second);
  if (auto chain = catalog.chains.find(name); chain != catalog.chains.end())
    return std::make_shared<ChainTarget>(chain->second);
  return nullptr;
}

std::vector<std::string> target_names(const Catalog& catalog) {
  std::vector<std::string> names = names_of(catalog.agents);
  std::ranges::move(names_of(catalog.chains), std::back_inserter(names));
  return names;
}

}  // namespace troupe::agents

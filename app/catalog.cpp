#include "app/catalog.h"

#include "agents/chains/chain.h"
#include "agents/chains/chain_tool.h"
#include "agents/teams/make_teams.h"
#include "tools/names.h"

#include <utility>

namespace troupe::app {

Result<std::shared_ptr<const agents::Catalog>> make_catalog(const Configuration& configuration,
                                                            const CatalogParts& parts,
                                                            tools::ToolTable& tools, std::string snapshot) {
  const auto model_settings = values_of(configuration.models);
  auto chains = agents::make_chains(values_of(configuration.chains),
                                    {model_settings, *parts.models, *parts.prompts, parts.knowledge});
  if (!chains) return fail(std::move(chains.error()));
  if (auto added = agents::add_chain_tools(values_of(configuration.tools), *chains, tools); !added)
    return fail(std::move(added.error()));
  if (parts.stand_in)
    for (auto& [name, tool] : tools) tool = parts.stand_in(tools::call_name(name), std::move(tool));
  const auto agent_settings = values_of(configuration.agents);
  auto table =
      agents::make_agents(agent_settings, model_settings, *parts.models, tools, *parts.prompts, parts.memory);
  if (!table) return fail(std::move(table.error()));
  auto teams = agents::make_teams(values_of(configuration.teams), {.agents = agent_settings,
                                                                   .model_settings = model_settings,
                                                                   .models = *parts.models,
                                                                   .tools = tools,
                                                                   .prompts = *parts.prompts,
                                                                   .memory = parts.memory,
                                                                   .chains = *chains,
                                                                   .artifacts = parts.artifacts});
  if (!teams) return fail(std::move(teams.error()));
  auto catalog = std::make_shared<agents::Catalog>();
  catalog->agents = std::move(*table);
  catalog->chains = std::move(*chains);
  catalog->teams = std::move(*teams);
  catalog->default_target = configuration.default_target;
  catalog->config = std::move(snapshot);
  catalog->secrets = configuration.secrets;
  catalog->budgets = configuration.budgets;
  return catalog;
}

}  // namespace troupe::app

#include "agents/runs/run_target.h"

#include "agents/chains/chain_target.h"
#include "agents/runs/agent_target.h"
#include "agents/teams/team_target.h"
#include "runtime/base/suggest.h"

#include <iterator>

namespace troupe::agents {

namespace {

// "team/member": one of a team's, asked alone.
std::shared_ptr<const RunTarget> member_target(const Catalog& catalog, std::string_view name) {
  const auto slash = name.find('/');
  if (slash == name.npos) return nullptr;
  const auto team = catalog.teams.find(name.substr(0, slash));
  if (team == catalog.teams.end()) return nullptr;
  const auto member = team->second->members.find(name.substr(slash + 1));
  return member == team->second->members.end() ? nullptr : member->second.target;
}

}  // namespace

Json inputs_of(const store::RunRow& row) {
  const auto extra = parse_json(row.extra);
  const Json* given = extra ? find(*extra, "inputs") : nullptr;
  return given ? *given : Json::object();
}

Task<Result<std::unique_ptr<RunStart>>> take_up_from(store::Journal& journal, const RunTarget& target,
                                                     store::RunRow row, Json inputs) {
  auto facts = co_await journal.read_facts(row.id);
  if (!facts) co_return fail(std::move(facts.error()));
  auto events = co_await journal.read_run_events(row.id);
  if (!events) co_return fail(std::move(events.error()));
  co_return target.take_up(row, inputs, *facts, *events);
}

std::shared_ptr<const RunTarget> find_target(const Catalog& catalog, std::string_view name) {
  if (auto agent = catalog.agents.find(name); agent != catalog.agents.end())
    return std::make_shared<AgentTarget>(agent->second);
  if (auto chain = catalog.chains.find(name); chain != catalog.chains.end())
    return std::make_shared<ChainTarget>(chain->second);
  if (auto team = catalog.teams.find(name); team != catalog.teams.end())
    return std::make_shared<TeamTarget>(team->second);
  return member_target(catalog, name);
}

std::vector<std::string> target_names(const Catalog& catalog) {
  std::vector<std::string> names = names_of(catalog.agents);
  std::ranges::move(names_of(catalog.chains), std::back_inserter(names));
  std::ranges::move(names_of(catalog.teams), std::back_inserter(names));
  return names;
}

}  // namespace troupe::agents

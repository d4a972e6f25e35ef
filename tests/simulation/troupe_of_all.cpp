#include "tests/simulation/troupe_of_all.h"

#include "agents/chains/chain.h"
#include "agents/chains/section.h"
#include "agents/section.h"
#include "agents/teams/make_teams.h"
#include "agents/teams/section.h"
#include "tests/fakes/read_section.h"

#include <utility>

namespace troupe::simulation {

namespace {

using namespace agents;

constexpr const char* kAgents = R"(
solo:    { role: solo, model: m, tools: [look, put, pay], on_unknown: ask, limits: { steps: 7, tool_time: 10s, parallel: 2 } }
native:  { role: native, model: m, strategy: tools, tools: [look, put, pay], limits: { steps: 7, tool_time: 10s } }
careful: { role: careful, model: m, tools: [look, pay], approve: [pay], on_unknown: ask, limits: { steps: 6, tool_time: 10s } }
talker:  { role: talker, model: m, memory: { type: buffer }, limits: { steps: 4, tokens: 3000 } }
hasty:   { role: hasty, model: m, tools: [look, pay], limits: { steps: 9, time: 4s }, on_limit: answer, on_unknown: fail }
)";

constexpr const char* kChains = R"(
pipe: { steps: [ { prompt: "First: {input}" }, { model: m }, { prompt: "Then: {input}" }, { model: m } ] }
)";

constexpr const char* kTeams = R"(
line:
  pattern: sequential
  tasks:
    - { name: one, agent: solo, description: "{input}" }
    - { name: two, agent: careful, description: "Go on with {one}" }
    - { name: three, agent: talker, description: "Go on", context: [one, two] }
fan:    { pattern: parallel, members: [solo, talker, native] }
first:  { pattern: parallel, members: [solo, talker, hasty], join: any }
circle: { pattern: round_robin, members: [talker, native], rounds: 2, until: { text: TERMINATE } }
desk:   { pattern: supervisor, manager: talker, members: [solo, native], limits: { turns: 12 } }
shop:   { pattern: handoff, members: [talker, solo, careful], start: talker }
panel:  { pattern: debate, members: [talker, native], rounds: 1, model: m }
pick:   { pattern: selector, members: [talker, solo], model: m, until: { messages: 5 } }
tree:   { pattern: parallel, members: [fan, solo] }
loop:
  pattern: graph
  start: draft
  nodes:
    draft: { run: solo, text: "Draft {input}" }
    check: { run: talker, text: "Is {draft} good?" }
    print: { run: pipe, text: "Print {draft}" }
  edges:
    - { from: draft, to: check }
    - { from: check, to: draft, when: { contains: "1" }, most: 2 }
    - { from: check, to: print, otherwise: true }
    - { from: print, to: end }
)";

}  // namespace

const std::vector<std::string>& troupe_targets() {
  static const std::vector<std::string> targets = {"solo",  "native", "careful", "talker", "hasty", "pipe",
                                                   "line",  "fan",    "first",   "circle", "desk",  "shop",
                                                   "panel", "pick",   "tree",    "loop"};
  return targets;
}

std::shared_ptr<const Catalog> make_troupe(Stage stage) {
  auto made = std::make_shared<Catalog>();
  const std::vector<models::ModelSettings> entries{{.name = "m", .price = models::Price{1.0, 2.0}}};
  const models::ModelTable models{{"m", make_sim_model(stage)}};
  const tools::ToolTable tools{{"look", make_sim_tool(stage, "look", tools::Effect::pure)},
                               {"put", make_sim_tool(stage, "put", tools::Effect::idempotent)},
                               {"pay", make_sim_tool(stage, "pay", tools::Effect::at_most_once)}};
  auto prompts = prompts::PromptSet::load("");
  REQUIRE(prompts);
  const auto agents = fakes::read_section<AgentSettings>(section(), kAgents);
  const MemorySources memory;
  auto table = make_agents(agents, entries, models, tools, *prompts, memory);
  REQUIRE_MESSAGE(table, table.error().message);
  made->agents = std::move(*table);
  auto chains = make_chains(fakes::read_section<ChainSettings>(chains_section(), kChains),
                            {.model_settings = entries, .models = models, .prompts = *prompts});
  REQUIRE_MESSAGE(chains, chains.error().message);
  made->chains = std::move(*chains);
  auto teams =
      make_teams(fakes::read_section<TeamSettings>(teams_section(), kTeams), {.agents = agents,
                                                                              .model_settings = entries,
                                                                              .models = models,
                                                                              .tools = tools,
                                                                              .prompts = *prompts,
                                                                              .memory = memory,
                                                                              .chains = made->chains,
                                                                              .artifacts = nullptr});
  REQUIRE_MESSAGE(teams, teams.error().message);
  made->teams = std::move(*teams);
  made->config = "config";
  return made;
}

}  // namespace troupe::simulation

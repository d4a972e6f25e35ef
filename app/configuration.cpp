#include "app/configuration.h"

#include "agents/agent.h"
#include "agents/budgets/section.h"
#include "agents/chains/section.h"
#include "agents/section.h"
#include "agents/teams/section.h"
#include "app/model_checks.h"
#include "app/plugin_checks.h"
#include "app/service_checks.h"
#include "app/team_checks.h"
#include "app/tool_checks.h"
#include "gateway/section.h"
#include "memory/conversation/recall_plan.h"
#include "memory/knowledge/section.h"
#include "models/context_window.h"
#include "models/embedders/section.h"
#include "models/entries_check.h"
#include "models/governor/governors.h"
#include "models/known/known_models.h"
#include "models/section.h"
#include "models/token_estimate.h"
#include "plugins/section.h"
#include "runtime/base/sha256.h"
#include "runtime/base/suggest.h"
#include "runtime/config/document.h"
#include "runtime/config/scalars.h"
#include "tools/mcp/section.h"
#include "tools/names.h"
#include "tools/section.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace troupe::app {

namespace {

using config::Check;
using config::Record;

void check_cost_of_chains(const Configuration& all, Check& check) {
  for (const auto& [name, chain] : all.chains) {
    if (chain.limits.cost <= 0) continue;
    for (const std::string& model : agents::models_of(chain))
      if (auto one = unpriced(all.models, model))
        check.entry("chains", name, "chain")
            .error("limits.cost", fmt::format("{1} has no price, so its cost cannot be limited; add `price: "
                                              "{{ input: …, output: … }}` to `models.{0}`",
                                              *one, as_asked(*one, model)));
  }
}

void check_costs(const Configuration& all, Check& check) {
  for (const auto& [name, agent] : all.agents) {
    if (agent.limits.cost <= 0) continue;
    if (auto one = unpriced(all.models, agent.model))
      check.entry("agents", name, "agent")
          .error("limits.cost", fmt::format("{1} has no price, so its cost cannot be limited; add `price: {{ "
                                            "input: …, output: … }}` to `models.{0}`",
                                            *one, as_asked(*one, agent.model)));
  }
}

// Who writes the summaries of an agent's memory; nobody where it has none.
std::string summariser_of(const agents::AgentSettings& agent) {
  if (!memory::summarises(agent.memory)) return "";
  return agent.memory.model.empty() ? agent.model : agent.memory.model;
}

// Summaries are made after a run, so that no limit of the run holds for them. Still, who limits what an agent
// may cost wants to know what it costs.
void check_memories(const Configuration& all, Check& check) {
  for (const auto& [name, agent] : all.agents) {
    Check here = check.entry("agents", name, "agent");
    const std::string embedding = agents::embedding_of(agent.memory);
    const bool named = !agent.memory.embedding.empty();  // a name that leads nowhere is told of already
    if (agent.memory.type == "vector" && !named && !all.embeddings.contains(embedding))
      here.error("memory",
                 fmt::format("type `vector` needs something that turns texts into vectors, and there is no "
                             "`{0}` in `embeddings`; write `embeddings: {{ {0}: {{ provider: builtin }} }}`, "
                             "or name another entry with `embedding`",
                             embedding));
    if (agent.memory.model.empty() || agent.limits.cost <= 0) continue;
    if (auto one = unpriced(all.models, summariser_of(agent)))
      here.error("memory.model",
                 fmt::format("{1} has no price, so what its summaries cost cannot be told, and "
                             "`limits.cost` is set; add `price: {{ input: …, output: … }}` to `models.{0}`",
                             *one, as_asked(*one, agent.memory.model)));
  }
}

// One governor serves an endpoint with one key.
void check_rates(const Configuration& all, Check& check) {
  std::vector<models::ModelSettings> models;
  for (const auto& [name, model] : all.models) models.push_back(model);
  for (const models::RateConflict& conflict : models::rate_conflicts(models))
    check.entry("models", conflict.entry, "model")
        .error(conflict.key,
               fmt::format("`models.{}` says something else, and both go to one endpoint with one key, where "
                           "calls are counted together; write the same in both, or leave it out of one",
                           conflict.other));
}

void check_budgets(const Configuration& all, Check& check) {
  const agents::BudgetSettings& budgets = all.budgets;
  const std::pair<const char*, double> costs[] = {{"session", budgets.session.cost},
                                                  {"tenant", budgets.tenant.cost},
                                                  {"tenant_day", budgets.tenant_day.cost},
                                                  {"day", budgets.day.cost}};
  auto limited = std::ranges::find_if(costs, [](const auto& one) { return one.second > 0; });
  if (limited == std::end(costs)) return;
  std::set<std::string> told;
  auto look_at = [&](const std::string& model) {
    const auto one = unpriced(all.models, model);
    if (!one || !told.insert(*one).second) return;
    check.error(fmt::format("budgets.{}.cost", limited->first),
                fmt::format("{1} has no price, so what it costs cannot be counted; add `price: {{ input: …, "
                            "output: … }}` to `models.{0}`",
                            *one, as_asked(*one, model)));
  };
  for (const auto& [name, agent] : all.agents) {
    look_at(agent.model);
    look_at(summariser_of(agent));
    for (const auto* rules : {&agent.guardrails.input, &agent.guardrails.output})
      for (const agents::RuleSettings& rule : *rules) look_at(rule.model);
  }
  for (const auto& [name, chain] : all.chains)
    for (const std::string& model : agents::models_of(chain)) look_at(model);
  for (const auto& [name, team] : all.teams)
    for (const std::string& model : models_of_team(all, team)) look_at(model);
}

void check_guardrails(const Configuration& all, Check& check) {
  bool asked = false;
  for (const auto& [name, agent] : all.agents) {
    Check here = check.entry("agents", name, "agent");
    check_judges(all.models, agent.limits.cost > 0, agent.guardrails.input, "guardrails.input", here);
    check_judges(all.models, agent.limits.cost > 0, agent.guardrails.output, "guardrails.output", here);
    for (const auto* rules : {&agent.guardrails.input, &agent.guardrails.output})
      asked = asked || std::ranges::any_of(*rules, [](const auto& rule) { return !rule.model.empty(); });
  }
  for (const auto& [name, team] : all.teams)
    for (const agents::TaskSettings& task : team.tasks)
      asked =
          asked || std::ranges::any_of(task.guardrail, [](const auto& rule) { return !rule.model.empty(); });
  auto prompts = prompts::PromptSet::load(all.prompts);
  if (!asked || !prompts) return;  // a folder that cannot be read is told of elsewhere
  if (auto judge = agents::judge_prompt(*prompts); !judge) check.error("prompts", judge.error().message);
}

void check_prompts(const Configuration& all, Check& check) {
  auto prompts = prompts::PromptSet::load(all.prompts);
  if (!prompts) return check.error("prompts", prompts.error().message);
  auto built_in = prompts::PromptSet::load("");
  for (const std::string& name : prompts->names()) {
    bool used = std::any_of(all.agents.begin(), all.agents.end(), [&](const auto& agent) {
      return agent.second.prompt.ends_with("/" + name + ".md");
    });
    if (!used && built_in && !built_in->find(name))
      check.warning("prompts", fmt::format("{}.md replaces nothing, for there is no prompt `{}`{}", name,
                                           name, did_you_mean(name, built_in->names())));
  }
  for (const auto& [name, agent] : all.agents) {
    if (agent.prompt.empty()) continue;
    if (auto read = agents::prompt_of(agent, *prompts); !read)
      check.entry("agents", name, "agent").error("prompt", read.error().message);
  }
}

// A prompt that a model cannot read by itself leaves no room for a question. What its tools add is not known
// here.
void check_contexts(const Configuration& all, Check& check) {
  auto prompts = prompts::PromptSet::load(all.prompts);
  if (!prompts) return;  // told of elsewhere
  for (const auto& [name, agent] : all.agents) {
    auto model = all.models.find(agent.model);
    if (model == all.models.end() || model->second.context <= 0) continue;
    auto prompt = agents::prompt_of(agent, *prompts);
    auto plain = prompt ? prompt->render(Json::object()) : fail(prompt.error());
    if (!plain) continue;
    std::int64_t tokens = models::estimate_tokens(*plain);
    for (const std::string* text : {&agent.role, &agent.goal, &agent.backstory, &agent.instructions})
      tokens += models::estimate_tokens(*text);
    if (tokens < models::ContextWindow(model->second).prompt_max().value_or(tokens + 1)) continue;
    check.entry("agents", name, "agent")
        .warning("model",
                 fmt::format("the prompt alone has about {} tokens, and `models.{}` has a context of {} for "
                             "prompt and reply; shorten it, or take a model that reads more",
                             tokens, agent.model, model->second.context));
  }
}

// Tools that take no question.
bool never_searches(const tools::ToolSettings& tool) {
  return tool.type == "calculator" || tool.type == "clock" || tool.type == "code" || tool.type == "image";
}

void check_strategies(const Configuration& all, Check& check) {
  for (const auto& [name, agent] : all.agents) {
    Check here = check.entry("agents", name, "agent");
    bool searches = std::any_of(agent.tools.begin(), agent.tools.end(), [&](const std::string& tool) {
      auto found = all.tools.find(tools::section_of(tool));
      return found != all.tools.end() && !never_searches(found->second);
    });
    if (!searches && (agent.strategy == "docstore" || agent.strategy == "self_ask"))
      here.error("strategy",
                 fmt::format("`{}` needs a tool that searches, such as wikipedia or tavily, among "
                             "this agent's `tools`",
                             agent.strategy));
    auto model = all.models.find(agent.model);
    if (!agent.output.schema.is_null() && model != all.models.end() && model->second.provider == "builtin")
      here.warning("output",
                   "the `builtin` model fills a schema in by simple rules, from words in what it is given; "
                   "give the agent a language model where that is not enough");
  }
}

// What takes judgement is not done then, and a follow-up is searched for as it stands.
void check_chains(const Configuration& all, Check& check) {
  for (const auto& [name, chain] : all.chains)
    for (std::size_t i = 0; i < chain.steps.size(); ++i) {
      if (chain.steps[i].kind != agents::ChainStepKind::rewrite) continue;
      const auto models = chain_of(all.models, agents::model_of(chain.steps[i], chain));
      if (models.empty() || models.front()->provider != "builtin") continue;
      check.entry("chains", name, "chain")
          .warning(
              fmt::format("steps[{}].rewrite", i),
              "the `builtin` model cannot rewrite a question, so follow-ups are searched for as they are; "
              "give the step a language model");
    }
}

// Models that search: `builtin` has no judgement to give.
void check_knowledge(const Configuration& all, Check& check) {
  for (const auto& [name, base] : all.knowledge) {
    Check here = check.entry("knowledge", name, "knowledge base");
    const auto plugin = all.plugins.find(base.index.plugin.substr(0, base.index.plugin.find('/')));
    if (plugin != all.plugins.end() && plugin->second.isolation == "none")
      here.error("index",
                 fmt::format("plugin `{}` indexes vectors, which it does in processes of its own: leave "
                             "out its `isolation: none`",
                             plugin->first));
    for (const auto& [model, place] : {std::pair(base.search.rerank.model, "search.rerank.model"),
                                       std::pair(base.search.compress.model, "search.compress.model")}) {
      const auto found = all.models.find(model);
      if (found != all.models.end() && found->second.provider == "builtin")
        here.error(place,
                   "the `builtin` model cannot weigh passages; that takes a language model, such as provider "
                   "openai with an api_key or a local base_url");
    }
  }
  // What a tool asks for may not go together with what its base says.
  for (const auto& [name, tool] : all.tools) {
    const auto base = all.knowledge.find(tool.knowledge);
    if (base == all.knowledge.end()) continue;
    Check here = check.entry("tools", name, "tool");
    for (const memory::SettingsProblem& problem : with(base->second.search, tool.search).check())
      here.error("search", fmt::format("`{}` {}", problem.field, problem.text));
  }
}

// One base is kept whatever it takes, so that little is slow rather than wrong.
constexpr std::size_t kKnowledgeMemoryLeast = std::size_t{1} << 20;
constexpr std::size_t kKnowledgeMemoryMost = std::size_t{1} << 40;

Record<Configuration> declaration() {
  Record<Configuration> root("Configuration of Troupe, a daemon that hosts teams of LLM agents");
  root.field("version", &Configuration::version, config::integer<int>(1, 1), "the version of this format: 1")
      .required();
  root.external(
      "include", Json{{"type", {"array", "null"}}, {"items", {{"type", "string"}}}},
      "further files to merge into this one; patterns of `*`, `?` and `[…]`, relative to this file");
  root.field("server", &Configuration::server, config::shape(gateway::section()),
             "how clients reach the daemon");
  root.field("store", &Configuration::store, config::shape(store_section()), "where conversations are kept");
  root.field("log", &Configuration::log, config::shape(log_section()), "what goes to stderr");
  root.field("network", &Configuration::network, config::shape(network_section()),
             "how the daemon reaches others");
  root.field("artifacts", &Configuration::artifacts, config::path(),
             "the only folder that agents may write files to");
  root.field("prompts", &Configuration::prompts, config::path(config::There::directory),
             "a folder of prompt files that replace the embedded ones");
  root.field("models", &Configuration::models, models::section(), "language models by name");
  root.field("embeddings", &Configuration::embeddings, models::embeddings_section(),
             "what turns texts into vectors, by name");
  root.field("knowledge", &Configuration::knowledge, memory::knowledge_section(),
             "documents that agents search, by name");
  root.field("knowledge_memory", &Configuration::knowledge_memory,
             config::bytes(kKnowledgeMemoryLeast, kKnowledgeMemoryMost),
             "memory of all knowledge bases together; those not searched for the longest go first");
  root.field("mcpServers", &Configuration::mcp_servers, tools::mcp::servers_section(),
             "MCP servers by name, as other programs write them; `tools` entries of `type: mcp` use them");
  root.field("plugins", &Configuration::plugins, plugins::section(),
             "shared libraries with tools, models and embedders, by name");
  root.field("plugins_from", &Configuration::plugins_from, plugins::folder_section(),
             "a folder of shared libraries, each a plugin by the name of its file")
      .without_default();
  root.field("tools", &Configuration::tools, tools::section(),
             "tools by name; the name is what a model calls them by");
  root.field("agents", &Configuration::agents, agents::section(), "agents by name");
  root.field("chains", &Configuration::chains, agents::chains_section(),
             "pipelines of prompts, models and parsers by name");
  root.field("teams", &Configuration::teams, agents::teams_section(),
             "agents, chains and teams that work together, by name");
  root.field("budgets", &Configuration::budgets, config::shape(agents::budgets_section()),
             "what runs may spend together");
  root.field("default", &Configuration::default_target, config::reference("targets", "agent"),
             "who answers when a client names nobody");
  root.check([](const Configuration& all, Check& check) { models::check_entries(all.models, check); });
  root.check(check_plugin_providers);
  root.check(check_costs);
  root.check(check_memories);
  root.check(check_cost_of_chains);
  root.check(check_rates);
  root.check(check_budgets);
  root.check(check_prompts);
  root.check(check_contexts);
  root.check(check_tool_names);
  root.check(check_tool_files);
  root.check(check_plugins);
  root.check(check_strategies);
  root.check(check_guardrails);
  root.check(check_chains);
  root.check(check_knowledge);
  root.check(check_teams);
  return root;
}

// Built once: a declaration is constant.
const Record<Configuration>& root() {
  static const Record<Configuration> instance = declaration();
  return instance;
}

// Puts the reference of each secret where its value was or was left out.
void put_references(Json& tree, const std::vector<config::Reader::Reference>& references) {
  for (const auto& reference : references) {
    Json* at = &tree;
    for (const std::string& key : reference.path) {
      if (key.starts_with('[') && at->is_array())
        at = &at->at(std::stoul(key.substr(1)));
      else
        at = &(*at)[key];
    }
    *at = reference.text;
  }
}

Checked bind(std::optional<config::Node> tree, config::Sources& sources,
             const config::Environment& environment, config::Problems& problems, config::SecretValues known) {
  config::Reader reader(sources, environment, problems);
  reader.know(std::move(known));
  Configuration all;
  if (tree) {
    root().read(*tree, all, reader);
    if (const config::Member* from = tree->find("plugins_from"))
      for (const std::string& name : plugins_of_folder(all, environment))
        if (!all.plugins.contains(name)) reader.define("plugins", name, from->place);
    reader.resolve();
    if (problems.errors() == 0 && all.agents.empty() && all.chains.empty())
      problems.warning({0, 1, 1}, "there is no agent, so nobody can answer; add one under `agents`");
    if (all.store.path.empty()) all.store.path = default_store_path(environment);
    if (all.store.path.empty())
      problems.error(
          {0, 1, 1},
          "there is no place for the store: neither HOME nor XDG_STATE_HOME nor STATE_DIRECTORY is set; "
          "set one, or write `store: { path: … }`");
  }
  Checked result;
  bool good = tree && problems.errors() == 0;
  result.problems = problems.take(reader.secrets());
  if (!good) return result;
  if (all.default_target.empty()) all.default_target = only_target(all);
  all.secrets = reader.secrets();
  all.secret_values = reader.secret_values();
  for (int i = 0; i < static_cast<int>(sources.size()); ++i) all.files.push_back(sources.name(i));
  Json canonical = root().show(all);
  put_references(canonical, reader.references());
  all.canonical = dump(canonical);
  all.hash = sha256_hex(all.canonical);
  models::complete(all.models);  // not part of the snapshot: who wrote no price gets that of the program
  result.configuration = std::move(all);
  return result;
}

}  // namespace

Checked load_configuration(const std::string& path, const config::Environment& environment) {
  config::Sources sources;
  config::Problems problems(sources);
  auto tree = config::load_document(path, sources, environment, problems);
  return bind(std::move(tree), sources, environment, problems, {});
}

Checked load_configuration_text(const std::string& name, std::string_view text,
                                const config::Environment& environment) {
  config::Sources sources;
  config::Problems problems(sources);
  auto tree = config::load_text(name, environment.working_directory(), text, sources, environment, problems);
  return bind(std::move(tree), sources, environment, problems, {});
}

Checked restore_configuration(std::string_view canonical, const Configuration& current,
                              const config::Environment& environment) {
  config::Sources sources;
  config::Problems problems(sources);
  auto tree = config::load_text("stored configuration", environment.working_directory(), canonical, sources,
                                environment, problems);
  return bind(std::move(tree), sources, environment, problems, current.secret_values);
}

Checked with_model(const Configuration& current, const std::string& agent, const std::string& model,
                   const config::Environment& environment) {
  auto canonical = parse_json(current.canonical);  // we wrote it
  if (canonical) (*canonical)["agents"][agent]["model"] = model;
  return restore_configuration(canonical ? dump(*canonical) : current.canonical, current, environment);
}

Checked default_configuration(const config::Environment& environment) {
  Checked demo = load_configuration_text("built-in demo", demo_text(), environment);
  if (demo.configuration) demo.configuration->files.clear();
  return demo;
}

std::optional<std::string> find_configuration(const config::Environment& environment) {
  std::vector<std::string> candidates{"troupe.yaml"};
  auto folder = environment.variable("XDG_CONFIG_HOME");
  auto home = environment.variable("HOME");
  if (folder && folder->starts_with('/'))
    candidates.push_back(*folder + "/troupe/troupe.yaml");
  else if (home && home->starts_with('/'))
    candidates.push_back(*home + "/.config/troupe/troupe.yaml");
  candidates.push_back("/etc/troupe/troupe.yaml");
  for (const std::string& path : candidates)
    if (environment.exists(path)) return path;
  return std::nullopt;
}

std::string schema_text() {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Troupe"}};
  schema.update(root().schema());
  return dump_pretty(schema) + "\n";
}

std::vector<config::Problem> check_files(const std::vector<std::string>& paths,
                                         const config::Environment& environment) {
  std::vector<config::Problem> all;
  for (const std::string& path : paths) {
    std::vector<config::Problem> problems = load_configuration(path, environment).problems;
    all.insert(all.end(), problems.begin(), problems.end());
  }
  return all;
}

bool has_errors(const std::vector<config::Problem>& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const config::Problem& p) { return p.severity == config::Severity::error; });
}

std::string_view demo_text() {
  return R"(version: 1
models:
  builtin: { provider: builtin }
tools:
  calculator: { type: calculator }
  clock: { type: clock }
  wikipedia: { type: wikipedia, language: en }
agents:
  hello:
    description: calculates, tells the time and looks things up; needs no key
    role: A helpful assistant
    goal: Answer with what the tools say, and name the source
    model: builtin
    tools: [calculator, clock, wikipedia]
default: hello
)";
}

}  // namespace troupe::app

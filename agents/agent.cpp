#include "agents/agent.h"

#include "agents/block_tool.h"
#include "agents/limits.h"
#include "agents/strategies/tool_signature.h"
#include "models/constrain.h"
#include "tools/names.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

template <class Table>
Result<typename Table::mapped_type> look_up(const Table& table, const std::string& name,
                                            std::string_view kind, const std::string& agent) {
  auto it = table.find(name);
  if (it != table.end()) return it->second;
  return fail(ErrorCode::not_found, fmt::format("agent {}: there is no {} `{}`", agent, kind, name));
}

bool name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

std::string as_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dump(value);
}

std::shared_ptr<const models::PriceList> price_list(const std::vector<models::ModelSettings>& settings) {
  auto prices = std::make_shared<models::PriceList>();
  for (const models::ModelSettings& model : settings)
    if (model.price) prices->emplace(model.name, *model.price);
  return prices;
}

/// What is learnt of an entry of `models:` while it is asked.
struct Measures {
  std::shared_ptr<models::TokenCounter> tokens;
  std::shared_ptr<models::ContextWindow> window;
};

}  // namespace

std::optional<models::Price> Agent::price_of(const std::string& entry) const {
  return entry.empty() || !prices ? price : models::price_in(*prices, entry);
}

Result<prompts::Prompt> prompt_of(const AgentSettings& settings, const prompts::PromptSet& prompts) {
  if (!settings.prompt.empty()) return prompts.read(settings.prompt, settings.strategy);
  const prompts::Prompt* prompt = prompts.find(settings.strategy);
  if (!prompt)
    return fail(ErrorCode::not_found, fmt::format("there is no prompt for strategy `{}`", settings.strategy));
  return *prompt;
}

Result<AgentTable> make_agents(const std::vector<AgentSettings>& settings,
                               const std::vector<models::ModelSettings>& model_settings,
                               const models::ModelTable& models, const tools::ToolTable& tools,
                               const prompts::PromptSet& prompts, const MemorySources& memory,
                               const std::map<std::string, tools::ToolTable>& own_tools) {
  AgentTable table;
  const auto prices = price_list(model_settings);
  std::map<std::string, Measures> measures;
  for (const AgentSettings& one : settings) {
    Agent agent;
    agent.settings = one;
    auto model = look_up(models, one.model, "model", one.name);
    if (!model) return std::unexpected(model.error());
    agent.model = *model;
    agent.prices = prices;
    agent.chain = {one.model};
    for (const models::ModelSettings& candidate : model_settings) {
      if (candidate.name != one.model) continue;
      agent.price = candidate.price;
      Measures& measure = measures[one.model];
      if (!measure.tokens)
        measure = {std::make_shared<models::TokenCounter>(candidate),
                   std::make_shared<models::ContextWindow>(candidate)};
      agent.tokens = measure.tokens;
      agent.window = measure.window;
      agent.chain.insert(agent.chain.end(), candidate.fallback.begin(), candidate.fallback.end());
    }

    for (const models::ModelSettings& candidate : model_settings)
      if (std::ranges::find(agent.chain, candidate.name) != agent.chain.end() &&
          models::constrains(candidate))
        agent.constrained = true;

    auto parts = memory_parts(one, model_settings, models, prompts, memory);
    if (!parts) return within(fmt::format("agent {}", one.name), parts.error());
    agent.memory = std::move(*parts);
    if (agent.memory.model == agent.model && agent.tokens) agent.memory.tokens = agent.tokens;

    tools::ToolTable own = block_tools_of(agent.memory.blocks, agent.memory.block_journal);
    if (const auto more = own_tools.find(one.name); more != own_tools.end())
      own.insert(more->second.begin(), more->second.end());
    std::vector<std::string> names = one.tools;
    for (const auto& [name, tool] : own) names.push_back(name);
    own.insert(tools.begin(), tools.end());
    auto toolbox = tools::Toolbox::make(own, names,
                                        {.tool_time = one.limits.tool_time,
                                         .observation = one.limits.observation,
                                         .whole = limits::kStoredOutput});
    if (!toolbox) return within(fmt::format("agent {}", one.name), toolbox.error());
    agent.toolbox = std::make_shared<const tools::Toolbox>(std::move(*toolbox));
    for (Example& example : agent.settings.examples)
      for (ExampleStep& step : example.steps) step.tool = tools::call_name(step.tool);

    auto strategy = make_strategy(one.strategy, *agent.toolbox->declarations());
    if (!strategy) return within(fmt::format("agent {}", one.name), strategy.error());
    agent.strategy = std::move(*strategy);
    auto output = StructuredOutput::make(one.output);
    if (!output) return within(fmt::format("agent {}: output.schema", one.name), output.error());
    agent.output = std::move(*output);

    auto guardrails = Guardrails::make(one.guardrails, model_settings, models, prompts);
    if (!guardrails) return within(fmt::format("agent {}", one.name), guardrails.error());
    agent.guardrails = std::move(*guardrails);

    auto prompt = prompt_of(one, prompts);
    if (!prompt) return within(fmt::format("agent {}", one.name), prompt.error());
    agent.prompt = std::make_shared<const prompts::Prompt>(std::move(*prompt));
    if (auto fixed = render_system_prompt(agent, Json::object())) agent.system = std::move(*fixed);
    table.emplace(one.name, std::make_shared<const Agent>(std::move(agent)));
  }
  return table;
}

Result<std::string> fill_placeholders(std::string_view text, const Json& inputs, std::string_view where) {
  std::string filled;
  filled.reserve(text.size());
  while (!text.empty()) {
    auto open = text.find('{');
    filled += text.substr(0, open);
    if (open == text.npos) break;
    text.remove_prefix(open);
    auto close = std::find_if_not(text.begin() + 1, text.end(), name_character);
    std::string_view name(text.begin() + 1, close);
    bool placeholder = close != text.end() && *close == '}' && !name.empty() &&
                       !std::isdigit(static_cast<unsigned char>(name[0]));
    if (!placeholder) {
      filled += '{';
      text.remove_prefix(1);
      continue;
    }
    const Json* value = find(inputs, name);
    if (!value)
      return fail(
          ErrorCode::invalid,
          fmt::format("{} needs the input `{}`, which was not given (inputs: {{\"{}\": …}}, or --input {}=…)",
                      where, name, name, name));
    filled += as_text(*value);
    text.remove_prefix(name.size() + 2);
  }
  return filled;
}

Result<std::string> render_system_prompt(const Agent& agent, const Json& inputs) {
  if (agent.system) return *agent.system;
  const AgentSettings& own = agent.settings;
  Json values = {{"name", own.name}};
  const std::pair<const char*, const std::string*> texts[] = {{"role", &own.role},
                                                              {"goal", &own.goal},
                                                              {"backstory", &own.backstory},
                                                              {"instructions", &own.instructions}};
  for (auto& [key, text] : texts) {
    auto filled = fill_placeholders(*text, inputs, fmt::format("agents.{}.{}", own.name, key));
    if (!filled) return filled;
    values[key] = std::move(*filled);
  }
  if (Json tools = tool_values(*agent.toolbox->declarations()); !tools.is_null())
    values["tools"] = std::move(tools);
  if (!own.output.schema.is_null()) values["output"] = {{"schema", dump(own.output.schema)}};
  std::string examples;
  for (const Example& example : own.examples) {
    if (!examples.empty()) examples += "\n\n";
    examples += agent.strategy->example(example);
  }
  if (!examples.empty()) values["examples"] = {{"text", std::move(examples)}};
  values.update(agent.strategy->prompt_values());
  for (auto it = values.begin(); it != values.end();)  // an overriding prompt may leave variables out
    it = agent.prompt->declares(it.key()) ? std::next(it) : values.erase(it);
  return agent.prompt->render(values);
}

}  // namespace troupe::agents

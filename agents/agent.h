#pragma once

#include "agents/budgets/settings.h"
#include "agents/guardrails/rule.h"
#include "agents/memory_parts.h"
#include "agents/settings.h"
#include "agents/strategies/strategy.h"
#include "agents/strategies/structured_output.h"
#include "models/context_window.h"
#include "models/model.h"
#include "models/settings.h"
#include "models/token_counter.h"
#include "prompts/prompt.h"
#include "runtime/base/result.h"
#include "runtime/base/secret.h"
#include "tools/toolbox.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// An agent ready to run: its settings with everything they name looked up. Immutable and shared: a run keeps
/// the one it began with while a reload puts another in its place.
struct Agent {
  AgentSettings settings;
  std::shared_ptr<models::Model> model;
  std::optional<models::Price> price;  ///< of its model
  std::vector<std::string> chain;      ///< its model and the fallbacks of that, in the order they are asked
  bool constrained = false;            ///< one of them can hold a reply to a JSON Schema, and is to
  std::shared_ptr<const models::PriceList> prices;  ///< of all entries of `models:`
  std::shared_ptr<models::TokenCounter> tokens;     ///< of its model; shared by all that have it
  std::shared_ptr<models::ContextWindow> window;    ///< the same
  std::shared_ptr<const tools::Toolbox> toolbox;
  std::shared_ptr<const prompts::Prompt> prompt;
  /// The rendered system prompt, where nothing in it comes from a run's inputs: made once, not once a run.
  std::optional<std::string> system;
  std::shared_ptr<const Strategy> strategy;        ///< each run works with a clone
  std::shared_ptr<const StructuredOutput> output;  ///< null: any text is an answer
  std::shared_ptr<const Guardrails> guardrails;    ///< null: there are no rules
  MemoryParts memory;                              ///< what its memory works with

  /// What a call costs that `entry` of its chain served; "": its model.
  std::optional<models::Price> price_of(const std::string& entry) const;
  /// That entry by its name in `models:`.
  const std::string& served_by(const std::string& entry) const {
    return entry.empty() ? settings.model : entry;
  }
};

using AgentTable = std::map<std::string, std::shared_ptr<const Agent>, std::less<>>;

struct Chain;
/// By their names, which no agent has.
using ChainTable = std::map<std::string, std::shared_ptr<const Chain>, std::less<>>;

struct Team;
/// By their names, which no agent or chain has.
using TeamTable = std::map<std::string, std::shared_ptr<const Team>, std::less<>>;

/// What runs are started from: one generation of the configuration.
struct Catalog {
  AgentTable agents;
  std::string default_target;  ///< "" when the configuration names none and has several
  std::string config;          ///< hash of the configuration snapshot
  Secrets secrets;             ///< of the configuration: masked in what is kept of requests
  BudgetSettings budgets;
  ChainTable chains;
  TeamTable teams;
};

/// Looks everything up. `own_tools`: those that only the agent of that name has, beside the ones it names.
/// Errors: not_found (a model, tool, prompt or embedder that is not there), invalid; each names the agent.
Result<AgentTable> make_agents(const std::vector<AgentSettings>& settings,
                               const std::vector<models::ModelSettings>& model_settings,
                               const models::ModelTable& models, const tools::ToolTable& tools,
                               const prompts::PromptSet& prompts, const MemorySources& memory = {},
                               const std::map<std::string, tools::ToolTable>& own_tools = {});

/// The prompt of an agent: its own file, or that of its strategy. Blocking. Errors: not_found, invalid,
/// store, each naming the file.
Result<prompts::Prompt> prompt_of(const AgentSettings& settings, const prompts::PromptSet& prompts);

/// Fills `{name}` placeholders from a run's inputs. A name is letters, digits and underscores; anything else
/// in braces, such as JSON, stays as it is. Errors: invalid, naming the placeholder and `where` it stands.
Result<std::string> fill_placeholders(std::string_view text, const Json& inputs, std::string_view where);

/// The system prompt of one run. Errors: as fill_placeholders.
Result<std::string> render_system_prompt(const Agent& agent, const Json& inputs);

}  // namespace troupe::agents

#pragma once

#include "agents/agent.h"
#include "agents/chains/reply_parser.h"
#include "agents/chains/settings.h"
#include "memory/knowledge/knowledge.h"
#include "models/context_window.h"
#include "models/model.h"
#include "models/settings.h"
#include "models/token_counter.h"
#include "prompts/prompt.h"
#include "runtime/base/result.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::agents {

/// An entry of `models:` as the steps of chains ask it.
struct ChainModel {
  std::string name;
  std::shared_ptr<models::Model> model;
  std::vector<std::string> chain;  ///< it and its fallbacks, in the order they are asked
  std::optional<models::Price> price;
  std::shared_ptr<const models::PriceList> prices;  ///< of all entries of `models:`
  std::shared_ptr<models::TokenCounter> tokens;
  std::shared_ptr<models::ContextWindow> window;

  /// What a call costs that `entry` served: a fallback, or "" for this one.
  std::optional<models::Price> price_of(const std::string& entry) const;
  const std::string& served_by(const std::string& entry) const { return entry.empty() ? name : entry; }
  /// A sum that the counter corrects, and learns of.
  std::int64_t counted(const std::vector<models::Message>& messages) const;
  /// Tokens of a request with these messages.
  std::int64_t tokens_of(const std::vector<models::Message>& messages) const;
  /// What a request may have, so that there is room for the reply.
  std::int64_t room() const;
};

/// The prompts of `combine`.
struct CombinePrompts {
  prompts::Prompt stuff;
  prompts::Prompt map;
  prompts::Prompt reduce;
  prompts::Prompt refine;
};

/// A step with what it names looked up.
struct ChainStep {
  ChainStepSettings settings;
  std::shared_ptr<const ChainModel> model;    ///< null: it asks none
  std::shared_ptr<const ReplyParser> parser;  ///< parse
  int retries = 0;                            ///< parse
  memory::SearchOverrides search;             ///< retrieve, with its filter
  std::vector<std::pair<std::string, std::vector<ChainStep>>> branches;
};

/// A chain ready to run. Immutable and shared: a run keeps the one it began with while a reload puts another
/// in its place.
struct Chain {
  ChainSettings settings;
  std::vector<std::string> inputs;  ///< that a run must bring
  std::vector<ChainStep> steps;
  std::shared_ptr<memory::Knowledge> knowledge;  ///< of its configuration
  std::shared_ptr<const CombinePrompts> combine;
  std::shared_ptr<const prompts::Prompt> rewrite;
  std::map<std::string, std::shared_ptr<const ChainModel>, std::less<>> models;  ///< that its steps ask

  /// nullptr: its steps ask no such model.
  const ChainModel* model(std::string_view name) const {
    const auto found = models.find(name);
    return found == models.end() ? nullptr : found->second.get();
  }
};

struct ChainServices {
  const std::vector<models::ModelSettings>& model_settings;
  const models::ModelTable& models;
  const prompts::PromptSet& prompts;
  std::shared_ptr<memory::Knowledge> knowledge;  ///< null: there is none, and a step `retrieve` is an error
};

/// Looks everything up. Blocking: prompt files are read. Errors: not_found (a model, knowledge base or prompt
/// that is not there), invalid, store; each names the chain.
Result<ChainTable> make_chains(const std::vector<ChainSettings>& settings, const ChainServices& services);

/// The inputs of a run with the message, where the one input that is missing is what the message is. Errors:
/// invalid, naming all that are missing.
Result<Json> complete_inputs(const Chain& chain, const std::string& message, const Json& inputs);

}  // namespace troupe::agents

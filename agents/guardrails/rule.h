#pragma once

#include "agents/guardrails/pattern_search.h"
#include "agents/guardrails/settings.h"
#include "models/model.h"
#include "models/settings.h"
#include "models/token_counter.h"
#include "prompts/prompt.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "tools/json_schema.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// What a rule reads: a user's message, or an agent's answer.
enum class Side { input, output };

/// The text that rules are held against.
struct Judged {
  std::string text;
  /// An answer as JSON, which `schema` reads instead of the text; null where there is none.
  Json data;
  /// What goes along with the text and is not in it, as compact JSON: a message's `inputs`, the members of an
  /// answer whose text is one of them. `deny` and models see it, too. "": nothing.
  std::string beside;
  std::string question;  ///< of an answer: the message it answers, for a model that judges it
};
Judged judged_message(const std::string& text, const Json& inputs);
Judged judged_answer(const std::string& text, const Json& data, const std::string& question);

/// Why a rule refused a text.
struct Refusal {
  std::string reason;   ///< for people and the model: what is wrong, bounded
  std::string excerpt;  ///< of the text, bounded; only for the model that wrote it
};

/// A rule ready to be used. What it needs of the configuration was looked up. Loop thread only.
class Rule {
 public:
  /// `place`: 0-based, in its list. The model, where one is needed, is put in by who has the models. Errors:
  /// invalid, naming the key and what is wrong with its value.
  static Result<Rule> compile(const RuleSettings& settings, Side side, std::size_t place);

  const std::string& name() const { return name_; }
  const RuleSettings& settings() const { return settings_; }
  Side side() const { return side_; }
  std::size_t place() const { return place_; }
  /// A model, or a plugin (which costs neither tokens nor money).
  bool asks_judge() const { return !settings_.model.empty() || asks_plugin(); }
  bool asks_plugin() const { return !settings_.plugin.empty(); }

  struct Judge {
    std::shared_ptr<models::Model> model;
    std::optional<models::Price> price;
    std::shared_ptr<const models::TokenCounter> tokens = std::make_shared<const models::TokenCounter>();
    std::string system;  ///< rendered prompt; for a plugin JSON: `side` and `settings`
  };
  Judge judge;  ///< of a rule that asks one

 private:
  friend class RuleCheck;
  Rule() = default;

  RuleSettings settings_;
  Side side_ = Side::input;
  std::size_t place_ = 0;
  std::string name_;
  std::optional<tools::Pattern> pattern_;
  std::optional<tools::JsonSchema> schema_;
};

/// Holds one text against one rule that asks nobody, in steps of at most about 20 ms. Rule and text outlive
/// it. A text that is too long or too hard to be decided about is refused. Sans I/O.
class RuleCheck {
 public:
  RuleCheck(const Rule& rule, const Judged& judged);

  /// True while there is more to be done.
  bool step();
  /// Once step() said false: why the text is refused, or nothing.
  const std::optional<Refusal>& refusal() const { return refusal_; }

 private:
  bool too_long(std::size_t bytes);
  bool search();
  bool found(std::string_view text);
  bool absent();
  void check_length();
  void check_schema();
  void refuse(std::string reason, std::string_view excerpt = {});

  const Rule& rule_;
  const Judged& judged_;
  std::optional<PatternSearch> search_;
  std::string text_;    // as it is shown, where a pattern reads it: UTF-8
  std::string beside_;  // the same
  bool in_beside_ = false;
  std::optional<Refusal> refusal_;
};

/// The compiled rules of an agent. Shared by its runs.
struct Guardrails {
  std::vector<Rule> input;
  std::vector<Rule> output;
  /// An answer is shown only once it is whole and was let through.
  bool holds_answers() const;
  /// Some rule of the list asks a judge.
  static bool ask_judges(const std::vector<Rule>& rules);

  /// `models`: also has who judges for plugins, by judge_name(). Null when there are no rules. Errors: as
  /// Rule::compile, and not_found (a judge that is not there), invalid (a prompt `judge` that does not say
  /// the rule).
  static Result<std::shared_ptr<const Guardrails>> make(const GuardrailSettings& settings,
                                                        const std::vector<models::ModelSettings>& priced,
                                                        const models::ModelTable& models,
                                                        const prompts::PromptSet& prompts);
};

/// Who is asked for a rule, in the table of models and in the journal: the model's name, or
/// `plugin/NAME[/RULE]`, which is the name of no entry of `models:`. "": nobody.
std::string judge_name(const RuleSettings& rule);

/// The prompt of models that judge. Errors: invalid, naming the file, when it leaves the rule out.
Result<prompts::Prompt> judge_prompt(const prompts::PromptSet& prompts);

}  // namespace troupe::agents

#include "agents/guardrails/rule.h"

#include "tools/observation.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

// The same replacement of invalid UTF-8 as everything has that is shown.
std::string as_shown(std::string_view text) {
  std::string quoted;
  append_quoted(quoted, text);
  auto read = parse_json(quoted);
  return read && read->is_string() ? read->get<std::string>() : std::string(text);
}

std::int64_t characters(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

std::string_view kind_of(const RuleSettings& settings) {
  if (!settings.deny.empty()) return "deny";
  if (!settings.require.empty()) return "require";
  if (!settings.schema.is_null()) return "schema";
  if (!settings.model.empty()) return "model";
  if (!settings.plugin.empty()) return "plugin";
  return "length";
}

std::string_view noun(Side side) {
  return side == Side::input ? "input" : "output";
}

}  // namespace

Judged judged_message(const std::string& text, const Json& inputs) {
  return {.text = text, .beside = inputs.empty() ? "" : dump(inputs)};
}

Judged judged_answer(const std::string& text, const Json& data, const std::string& question) {
  Judged judged{.text = text, .data = data, .question = question};
  if (!data.is_null() && !data.is_string())
    if (std::string whole = dump(data); whole != text) judged.beside = std::move(whole);
  return judged;
}

Result<Rule> Rule::compile(const RuleSettings& settings, Side side, std::size_t place) {
  Rule rule;
  rule.settings_ = settings;
  rule.side_ = side;
  rule.place_ = place;
  rule.name_ =
      settings.name.empty() ? fmt::format("{}[{}].{}", noun(side), place, kind_of(settings)) : settings.name;
  const std::string& pattern = settings.deny.empty() ? settings.require : settings.deny;
  if (!pattern.empty()) {
    auto compiled = tools::Pattern::compile(pattern);
    if (!compiled) return std::unexpected(compiled.error());
    rule.pattern_ = std::move(*compiled);
  }
  if (!settings.schema.is_null()) {
    auto compiled = tools::JsonSchema::compile(settings.schema);
    if (!compiled) return std::unexpected(compiled.error());
    rule.schema_ = std::move(*compiled);
  }
  return rule;
}

RuleCheck::RuleCheck(const Rule& rule, const Judged& judged) : rule_(rule), judged_(judged) {}

void RuleCheck::refuse(std::string reason, std::string_view excerpt) {
  refusal_ = Refusal{std::string(tools::beginning(reason, limits::kRuleReasonBytes)),
                     std::string(tools::beginning(excerpt, limits::kRuleExcerptBytes))};
}

bool RuleCheck::too_long(std::size_t bytes) {
  if (bytes <= limits::kJudgedBytes) return false;
  refuse(fmt::format("it has {} bytes; at most {} are judged, and what is not judged is refused", bytes,
                     limits::kJudgedBytes));
  return true;
}

bool RuleCheck::step() {
  if (rule_.pattern_) return search();
  if (rule_.schema_)
    check_schema();
  else
    check_length();
  return false;
}

bool RuleCheck::search() {
  if (!search_) {
    if (too_long(judged_.text.size()) || too_long(judged_.beside.size())) return false;
    text_ = as_shown(judged_.text);
    search_.emplace(*rule_.pattern_, text_);
  }
  switch (search_->step()) {
    case PatternSearch::State::searching:
      return true;
    case PatternSearch::State::found:
      return found(in_beside_ ? beside_ : text_);
    case PatternSearch::State::absent:
      return absent();
    case PatternSearch::State::too_hard:
      refuse("its pattern takes more work on this text than a rule may; what cannot be decided is refused");
      return false;
  }
  return false;
}

bool RuleCheck::found(std::string_view text) {
  if (rule_.settings_.deny.empty()) return false;
  refuse("it has something that the rule denies", text.substr(search_->place().at, search_->place().bytes));
  return false;
}

bool RuleCheck::absent() {
  if (rule_.settings_.deny.empty()) {
    refuse("it lacks what the rule requires");
    return false;
  }
  if (in_beside_ || judged_.beside.empty()) return false;
  in_beside_ = true;
  beside_ = as_shown(judged_.beside);
  search_.emplace(*rule_.pattern_, beside_);
  return true;
}

void RuleCheck::check_length() {
  const RuleSettings& rule = rule_.settings_;
  const std::int64_t length = characters(judged_.text);
  if (rule.max_length > 0 && length > rule.max_length)
    refuse(fmt::format("it has {} characters; at most {} are allowed", length, rule.max_length));
  else if (length < rule.min_length)
    refuse(fmt::format("it has {} characters; at least {} are needed", length, rule.min_length));
}

void RuleCheck::check_schema() {
  if (too_long(judged_.text.size())) return;
  auto value = judged_.data.is_null() ? parse_json(judged_.text) : Result<Json>(judged_.data);
  if (!value) return refuse(fmt::format("it is not JSON: {}", value.error().message));
  if (auto fits = rule_.schema_->check(*value); !fits)
    refuse(fmt::format("it does not fit its JSON Schema: {}", fits.error().message));
}

bool Guardrails::holds_answers() const {
  return std::ranges::any_of(output,
                             [](const Rule& rule) { return rule.settings().mode == RuleMode::blocking; });
}

bool Guardrails::ask_judges(const std::vector<Rule>& rules) {
  return std::ranges::any_of(rules, [](const Rule& rule) { return rule.asks_judge(); });
}

std::string judge_name(const RuleSettings& rule) {
  if (rule.plugin.empty()) return rule.model;
  return rule.rule.empty() ? fmt::format("plugin/{}", rule.plugin)
                           : fmt::format("plugin/{}/{}", rule.plugin, rule.rule);
}

Result<prompts::Prompt> judge_prompt(const prompts::PromptSet& prompts) {
  const prompts::Prompt* prompt = prompts.find("judge");
  if (!prompt) return fail(ErrorCode::not_found, "there is no prompt `judge`");
  if (!prompt->declares("rule"))
    return fail(ErrorCode::invalid,
                fmt::format("{}: it must use the variable `rule`, or a model would judge by nothing",
                            prompt->source()));
  return *prompt;
}

namespace {

Result<Rule::Judge> make_judge(const Rule& rule, const std::vector<models::ModelSettings>& priced,
                               const models::ModelTable& models, const prompts::PromptSet& prompts) {
  const std::string name = judge_name(rule.settings());
  auto model = models.find(name);
  if (model == models.end())
    return fail(ErrorCode::not_found,
                fmt::format("there is no {} `{}`", rule.asks_plugin() ? "guardrail" : "model", name));
  Rule::Judge judge{.model = model->second};
  if (rule.asks_plugin()) {
    judge.system = dump(Json{{"side", noun(rule.side())}, {"settings", rule.settings().plugin_settings}});
    return judge;
  }
  for (const models::ModelSettings& candidate : priced)
    if (candidate.name == name) {
      judge.price = candidate.price;
      judge.tokens = std::make_shared<const models::TokenCounter>(candidate);
    }
  auto prompt = judge_prompt(prompts);
  if (!prompt) return std::unexpected(prompt.error());
  Json values = {{"rule", rule.settings().prompt}};
  if (prompt->declares(noun(rule.side()))) values[noun(rule.side())] = true;
  auto system = prompt->render(values);
  if (!system) return std::unexpected(system.error());
  judge.system = std::move(*system);
  return judge;
}

Result<std::vector<Rule>> compile_all(const std::vector<RuleSettings>& settings, Side side,
                                      const std::vector<models::ModelSettings>& priced,
                                      const models::ModelTable& models, const prompts::PromptSet& prompts) {
  std::vector<Rule> rules;
  for (const RuleSettings& one : settings) {
    const std::string where = fmt::format("guardrails.{}[{}]", noun(side), rules.size());
    auto rule = Rule::compile(one, side, rules.size());
    if (!rule) return within(where, rule.error());
    if (rule->asks_judge()) {
      auto judge = make_judge(*rule, priced, models, prompts);
      if (!judge) return within(where, judge.error());
      rule->judge = std::move(*judge);
    }
    rules.push_back(std::move(*rule));
  }
  return rules;
}

}  // namespace

Result<std::shared_ptr<const Guardrails>> Guardrails::make(const GuardrailSettings& settings,
                                                           const std::vector<models::ModelSettings>& priced,
                                                           const models::ModelTable& models,
                                                           const prompts::PromptSet& prompts) {
  if (settings.empty()) return nullptr;
  auto input = compile_all(settings.input, Side::input, priced, models, prompts);
  if (!input) return std::unexpected(input.error());
  auto output = compile_all(settings.output, Side::output, priced, models, prompts);
  if (!output) return std::unexpected(output.error());
  return std::make_shared<const Guardrails>(Guardrails{std::move(*input), std::move(*output)});
}

}  // namespace troupe::agents

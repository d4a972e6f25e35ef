#include "agents/guardrails/section.h"

#include "agents/guardrails/limits.h"
#include "agents/guardrails/rule.h"
#include "runtime/config/collections.h"
#include "runtime/config/json_value.h"
#include "runtime/config/scalars.h"

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using config::Check;
using config::Record;

constexpr std::int64_t kCharactersMax = 100'000'000;

config::ShapePtr<std::string> pattern() {
  return config::text({.expected = "a regular expression", .bytes_max = 4'096});
}

void what_is_checked(Record<RuleSettings>& rule) {
  rule.field("name", &RuleSettings::name,
             config::line({.expected = "a name", .bytes_max = limits::kRuleNameBytes}),
             "what events call the rule; without it its place and kind, such as `output[0].deny`");
  rule.field("deny", &RuleSettings::deny, pattern(),
             "a regular expression that may match nowhere in the text; `(?i)` at its beginning: case means "
             "nothing");
  rule.field("require", &RuleSettings::require, pattern(),
             "a regular expression that must match somewhere in the text");
  rule.field("min_length", &RuleSettings::min_length, config::integer64(1, kCharactersMax),
             "the fewest characters (Unicode code points) of the text")
      .without_default();
  rule.field("max_length", &RuleSettings::max_length, config::integer64(1, kCharactersMax),
             "the most characters (Unicode code points) of the text")
      .without_default();
  rule.field("schema", &RuleSettings::schema, config::json_object("a JSON Schema"),
             "JSON Schema that the text, read as JSON, must fit");
  rule.field("model", &RuleSettings::model, config::reference("models", "model"),
             "the name of an entry of `models`, which judges by `prompt`");
  rule.field("prompt", &RuleSettings::prompt,
             config::text({.expected = "a rule in words", .bytes_max = limits::kRulePromptBytes}),
             "the rule in words, for `model`: when a text passes and when not");
  rule.field("plugin", &RuleSettings::plugin, config::reference("plugins", "plugin"),
             "the name of an entry of `plugins`, one of whose guardrails judges");
  rule.field("rule", &RuleSettings::rule,
             config::line({.expected = "the name of a guardrail", .bytes_max = limits::kRuleNameBytes}),
             "which of the guardrails of `plugin`, where it has several");
  rule.field("settings", &RuleSettings::plugin_settings, config::json_object("an object of settings"),
             "what that guardrail is told, as its plugin describes");
}

void what_follows(Record<RuleSettings>& rule) {
  rule.field("message", &RuleSettings::message,
             config::text({.expected = "a message", .bytes_max = limits::kRuleMessageBytes}),
             "what the user is told when the rule ends a run; without it which rule, and why");
  rule.field(
      "mode", &RuleSettings::mode,
      config::one_of<RuleMode>({{{"blocking", "the rule is held against the text before anything goes on"},
                                 {"parallel",
                                  "the rule is held against the text beside what goes on, which is void when "
                                  "the rule refuses it"}},
                                {}},
                               {RuleMode::blocking, RuleMode::parallel}),
      "whether what follows waits for the rule");
}

std::vector<std::string> kinds_of(const RuleSettings& rule) {
  std::vector<std::string> kinds;
  if (!rule.deny.empty()) kinds.emplace_back("deny");
  if (!rule.require.empty()) kinds.emplace_back("require");
  if (rule.min_length > 0)
    kinds.emplace_back("min_length");
  else if (rule.max_length > 0)
    kinds.emplace_back("max_length");
  if (!rule.schema.is_null()) kinds.emplace_back("schema");
  if (!rule.model.empty())
    kinds.emplace_back("model");
  else if (!rule.prompt.empty())
    kinds.emplace_back("prompt");
  if (!rule.plugin.empty()) kinds.emplace_back("plugin");
  return kinds;
}

// `deny: x` as well as `schema: …` in one rule would leave open which of them `message` and `retries` are of.
void check_rule(const RuleSettings& rule, Check& check) {
  const std::vector<std::string> kinds = kinds_of(rule);
  if (kinds.empty())
    return check.error("",
                       "checks nothing; write `deny`, `require`, `min_length`, `max_length`, `schema`, "
                       "`plugin`, or `model` with `prompt`");
  if (kinds.size() > 1)
    return check.error(kinds[1],
                       fmt::format("is one check too many beside `{}`; make it a rule of its own", kinds[0]));
  if (rule.max_length > 0 && rule.min_length > rule.max_length)
    return check.error("max_length", fmt::format("is less than `min_length`, {}", rule.min_length));
  if (!rule.model.empty() && rule.prompt.empty())
    return check.error("model", "needs a `prompt` beside it: the rule in words");
  if (rule.model.empty() && !rule.prompt.empty())
    return check.error("prompt", "needs a `model` beside it: who judges by it");
  if (rule.plugin.empty() && !(rule.rule.empty() && rule.plugin_settings.empty()))
    return check.error(rule.rule.empty() ? "settings" : "rule",
                       "needs a `plugin` beside it: whose guardrail it is for");
  if (auto compiled = Rule::compile(rule, Side::input, 0); !compiled)
    check.error(kinds[0], compiled.error().message);
}

void give_advice(Record<RuleSettings>& rule) {
  rule.advise("pattern", "write `deny` (must not match) or `require` (must match)");
  rule.advise("regex", "write `deny` (must not match) or `require` (must match)");
  rule.advise("forbid", "it is called `deny`");
  rule.advise("llm", "it is called `model`");
  rule.advise("judge", "it is `model` with `prompt`");
  rule.advise("max", "it is called `max_length`");
  rule.advise("min", "it is called `min_length`");
  rule.advise("json_schema", "it is called `schema`");
  rule.advise("action", "it is called `on_fail`");
  rule.advise("max_retries", "it is called `retries`");
}

Record<RuleSettings> input_rule() {
  Record<RuleSettings> rule("A rule for what users send");
  what_is_checked(rule);
  what_follows(rule);
  give_advice(rule);
  rule.advise("on_fail", "is for answers: a message that is refused ends the run");
  rule.advise("retries", "is for answers: a message that is refused ends the run");
  rule.check(check_rule);
  return rule;
}

Record<RuleSettings> output_rule() {
  Record<RuleSettings> rule("A rule for what the agent answers");
  what_is_checked(rule);
  what_follows(rule);
  rule.field("on_fail", &RuleSettings::on_fail,
             config::one_of<OnRefusal>(
                 {{{"retry", "the model is told the rule and the reason, and may answer again"},
                   {"stop", "the run ends"}},
                  {}},
                 {OnRefusal::retry, OnRefusal::stop}),
             "what becomes of an answer that the rule refuses");
  rule.field("retries", &RuleSettings::retries, config::integer<int>(0, limits::kRuleRetries),
             "how many answers of a run are sent back by this rule; the next one it refuses ends the run");
  give_advice(rule);
  rule.check(check_rule);
  return rule;
}

// Two rules of one name could not be told apart in events.
void check_names(const std::vector<RuleSettings>& rules, const char* list, Check& check) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].name.empty()) continue;
    auto [first, fresh] = seen.emplace(rules[i].name, i);
    if (!fresh)
      check.error(fmt::format("{}[{}].name", list, i),
                  fmt::format("`{}` is the name of {}[{}] already", rules[i].name, list, first->second));
  }
}

// A list of rules, or the one rule.
class OutputRules final : public config::Shape<std::vector<RuleSettings>> {
 public:
  void read(const config::Node& node, std::vector<RuleSettings>& rules,
            config::Reader& reader) const override {
    if (node.kind == config::Node::Kind::map) {
      rules.assign(1, RuleSettings{});
      return one_->read(node, rules.front(), reader);
    }
    const std::size_t errors = reader.errors();
    list_->read(node, rules, reader);
    if (reader.errors() != errors) return;
    std::map<std::string, std::size_t> seen;
    for (std::size_t i = 0; i < rules.size(); ++i)
      if (!rules[i].name.empty() && !seen.emplace(rules[i].name, i).second)
        reader.error(node.items[i].place,
                     fmt::format("`{}` is the name of [{}] already", rules[i].name, seen[rules[i].name]));
  }
  Json show(const std::vector<RuleSettings>& rules) const override { return list_->show(rules); }
  Json schema() const override { return {{"anyOf", Json::array({list_->schema(), one_->schema()})}}; }

 private:
  config::ShapePtr<RuleSettings> one_ = config::shape(output_rule());
  config::ShapePtr<std::vector<RuleSettings>> list_ =
      config::list_of(one_, "a list of rules", limits::kRules);
};

}  // namespace

config::ShapePtr<std::vector<RuleSettings>> output_rules() {
  return std::make_shared<OutputRules>();
}

Record<GuardrailSettings> guardrails_section() {
  Record<GuardrailSettings> rules("Rules for what goes in and out; each refuses with a reason");
  rules.field("input", &GuardrailSettings::input,
              config::list_of(config::shape(input_rule()), "a list of rules", limits::kRules),
              "held against what a user sends");
  rules.field("output", &GuardrailSettings::output,
              config::list_of(config::shape(output_rule()), "a list of rules", limits::kRules),
              "held against the agent's answers");
  rules.check([](const GuardrailSettings& all, Check& check) {
    check_names(all.input, "input", check);
    check_names(all.output, "output", check);
  });
  return rules;
}

}  // namespace troupe::agents

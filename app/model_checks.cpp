#include "app/model_checks.h"

#include "models/governor/governors.h"
#include "models/known/known_models.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::app {

std::vector<const models::ModelSettings*> chain_of(const Models& all, const std::string& name) {
  std::vector<const models::ModelSettings*> chain;
  auto add = [&](const std::string& one) {
    if (auto found = all.find(one); found != all.end()) chain.push_back(&found->second);
  };
  add(name);
  if (!chain.empty())
    for (const std::string& one : chain.front()->fallback) add(one);
  return chain;
}

std::optional<std::string> unpriced(const Models& all, const std::string& name) {
  // What it costs is known, if only that it is nothing.
  for (const models::ModelSettings* one : chain_of(all, name))
    if (!models::price_of(*one, all) && !models::free_of_charge(*one)) return one->name;
  return std::nullopt;
}

std::string as_asked(const std::string& one, const std::string& model) {
  return one == model ? fmt::format("the model `{}`", one)
                      : fmt::format("the model `{}`, a fallback of `{}`,", one, model);
}

// What a rule's model costs counts against the run, and `builtin` has no judgement to give.
void check_judges(const Models& all, bool limited, const std::vector<agents::RuleSettings>& rules,
                  const std::string& list, config::Check& here) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto chain = chain_of(all, rules[i].model);
    if (chain.empty()) continue;
    const std::string place = fmt::format("{}[{}].model", list, i);
    if (std::ranges::any_of(chain, [](const auto* one) { return one->provider == "builtin"; }))
      here.error(
          place,
          "the `builtin` model cannot judge; that takes a language model, such as provider openai with "
          "an api_key or a local base_url");
    else if (auto one = unpriced(all, rules[i].model); one && limited)
      here.error(place, fmt::format("{1} has no price, so `limits.cost` cannot hold for what it "
                                    "judges; add `price: {{ input: …, output: … }}` to `models.{0}`",
                                    *one, as_asked(*one, rules[i].model)));
  }
}

}  // namespace troupe::app

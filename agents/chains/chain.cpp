#include "agents/chains/chain.h"

#include "agents/chains/limits.h"
#include "agents/chains/section.h"
#include "agents/chains/structure.h"
#include "runtime/base/suggest.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

class Maker {
 public:
  explicit Maker(const ChainServices& services) : services_(services) {
    auto prices = std::make_shared<models::PriceList>();
    for (const models::ModelSettings& one : services.model_settings)
      if (one.price) prices->emplace(one.name, *one.price);
    prices_ = std::move(prices);
  }

  Result<std::shared_ptr<const Chain>> make(ChainSettings settings) {
    if (auto read = read_prompt_files(settings, config::ProcessEnvironment()); !read)
      return fail(std::move(read.error()));
    if (auto problems = structure_problems(settings); !problems.empty())
      return fail(ErrorCode::invalid, fmt::format("{}: {}", problems.front().key, problems.front().text));
    auto chain = std::make_shared<Chain>();
    chain->inputs = inputs_of(settings);
    chain->knowledge = services_.knowledge;
    for (const ChainStepSettings& step : settings.steps)
      if (auto made = add(step, settings, *chain, chain->steps); !made) return fail(std::move(made.error()));
    chain->settings = std::move(settings);
    return chain;
  }

 private:
  Result<> add(const ChainStepSettings& settings, const ChainSettings& whole, Chain& chain,
               std::vector<ChainStep>& steps) {
    ChainStep step{.settings = settings};
    switch (settings.kind) {
      case ChainStepKind::prompt:
        break;
      case ChainStepKind::parse: {
        auto parser = ReplyParser::make(settings);
        if (!parser) return fail(std::move(parser.error()));
        step.parser = std::make_shared<const ReplyParser>(std::move(*parser));
        step.retries = settings.retries.value_or(whole.retries);
        break;
      }
      case ChainStepKind::retrieve:
        if (auto found = look_up_knowledge(step); !found) return found;
        break;
      case ChainStepKind::rewrite:
        if (auto found = look_up_rewrite(chain); !found) return found;
        [[fallthrough]];
      case ChainStepKind::model:
      case ChainStepKind::combine: {
        auto model = model_called(model_of(settings, whole));
        if (!model) return fail(std::move(model.error()));
        step.model = std::move(*model);
        chain.models[step.model->name] = step.model;
        if (settings.kind != ChainStepKind::combine) break;
        if (auto found = look_up_combine(chain); !found) return found;
        break;
      }
      case ChainStepKind::parallel:
        for (const ChainBranch& branch : settings.parallel) {
          step.branches.emplace_back(branch.name, std::vector<ChainStep>());
          for (const ChainStepSettings& inner : branch.steps)
            if (auto made = add(inner, whole, chain, step.branches.back().second); !made) return made;
        }
        break;
    }
    steps.push_back(std::move(step));
    return {};
  }

  Result<> look_up_knowledge(ChainStep& step) const {
    const std::string& name = step.settings.knowledge;
    const auto names = services_.knowledge ? services_.knowledge->names() : std::vector<std::string>();
    if (std::ranges::find(names, name) == names.end())
      return fail(ErrorCode::not_found,
                  fmt::format("there is no knowledge base `{}`{}", name, did_you_mean(name, names)));
    auto filter = memory::Filter::parse(step.settings.filter);
    if (!filter) return within("filter", std::move(filter.error()));
    step.search = step.settings.search;
    step.search.filter = std::move(*filter);
    return {};
  }

  Result<std::shared_ptr<const ChainModel>> model_called(const std::string& name) {
    auto& known = models_[name];
    if (known) return known;
    const auto found = services_.models.find(name);
    if (found == services_.models.end())
      return fail(ErrorCode::not_found, fmt::format("there is no model `{}`", name));
    auto model = std::make_shared<ChainModel>();
    model->name = name;
    model->model = found->second;
    model->prices = prices_;
    model->price = models::price_in(*prices_, name);
    const models::ModelSettings* entry = nullptr;
    for (const models::ModelSettings& one : services_.model_settings)
      if (one.name == name) entry = &one;
    model->chain = {name};
    if (entry) model->chain.insert(model->chain.end(), entry->fallback.begin(), entry->fallback.end());
    model->tokens =
        entry ? std::make_shared<models::TokenCounter>(*entry) : std::make_shared<models::TokenCounter>();
    model->window =
        entry ? std::make_shared<models::ContextWindow>(*entry) : std::make_shared<models::ContextWindow>();
    known = std::move(model);
    return known;
  }

  Result<prompts::Prompt> prompt(std::string_view name) const {
    const prompts::Prompt* found = services_.prompts.find(name);
    if (!found) return fail(ErrorCode::not_found, fmt::format("there is no prompt `{}`", name));
    return *found;
  }

  Result<> look_up_rewrite(Chain& chain) {
    auto found = prompt("rewrite");
    if (!found) return fail(std::move(found.error()));
    chain.rewrite = std::make_shared<const prompts::Prompt>(std::move(*found));
    return {};
  }

  Result<> look_up_combine(Chain& chain) {
    if (!combine_) {
      auto stuff = prompt("combine_stuff"), map = prompt("combine_map"), reduce = prompt("combine_reduce"),
           refine = prompt("combine_refine");
      for (auto* one : {&stuff, &map, &reduce, &refine})
        if (!*one) return fail(std::move(one->error()));
      combine_ = std::make_shared<const CombinePrompts>(
          CombinePrompts{std::move(*stuff), std::move(*map), std::move(*reduce), std::move(*refine)});
    }
    chain.combine = combine_;
    return {};
  }

  const ChainServices& services_;
  std::shared_ptr<const models::PriceList> prices_;
  std::map<std::string, std::shared_ptr<const ChainModel>> models_;
  std::shared_ptr<const CombinePrompts> combine_;
};

}  // namespace

std::optional<models::Price> ChainModel::price_of(const std::string& entry) const {
  return entry.empty() ? price : models::price_in(*prices, entry);
}

std::int64_t ChainModel::tokens_of(const std::vector<models::Message>& messages) const {
  return tokens->corrected(counted(messages));
}

std::int64_t ChainModel::counted(const std::vector<models::Message>& messages) const {
  std::int64_t sum = tokens->beside({});
  for (const models::Message& message : messages) sum += tokens->message(message);
  return sum;
}

std::int64_t ChainModel::room() const {
  return window->prompt_max().value_or(limits::kAssumedPromptTokens);
}

Result<ChainTable> make_chains(const std::vector<ChainSettings>& settings, const ChainServices& services) {
  ChainTable table;
  Maker maker(services);
  for (const ChainSettings& one : settings) {
    auto chain = maker.make(one);
    if (!chain) return within(fmt::format("chain {}", one.name), std::move(chain.error()));
    table.emplace(one.name, std::move(*chain));
  }
  return table;
}

Result<Json> complete_inputs(const Chain& chain, const std::string& message, const Json& inputs) {
  std::vector<std::string> missing;
  for (const std::string& name : chain.inputs)
    if (!find(inputs, name)) missing.push_back(name);
  Json all = inputs.is_object() ? inputs : Json::object();
  if (missing.empty()) return all;
  if (chain.inputs.size() > 1)
    return fail(ErrorCode::invalid,
                fmt::format("chains.{} needs the inputs {}, and was not given: {} (inputs: {{\"{}\": …}}, or "
                            "--input {}=…)",
                            chain.settings.name, fmt::join(chain.inputs, ", "), fmt::join(missing, ", "),
                            missing.front(), missing.front()));
  all[missing.front()] = message;
  return all;
}

}  // namespace troupe::agents

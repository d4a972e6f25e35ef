#include "agents/chains/settings.h"

#include "agents/chains/placeholders.h"

#include <algorithm>
#include <set>

namespace troupe::agents {

namespace {

void add(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

void add_free(const std::vector<ChainStepSettings>& steps, std::set<std::string> known,
              std::vector<std::string>& names) {
  for (const ChainStepSettings& step : steps) {
    if (step.kind == ChainStepKind::prompt)
      for (const std::string* text : {&step.system, &step.prompt})
        for (const std::string& one : placeholders_of(*text))
          if (!known.contains(one)) add(names, one);
    for (const ChainBranch& branch : step.parallel) add_free(branch.steps, known, names);
    for (const ChainBranch& branch : step.parallel) known.insert(branch.name);
    if (!step.name.empty()) known.insert(step.name);
  }
}

bool asks_model(const ChainStepSettings& step) {
  return step.kind == ChainStepKind::model || step.kind == ChainStepKind::rewrite ||
         step.kind == ChainStepKind::combine;
}

void add_models(const std::vector<ChainStepSettings>& steps, const ChainSettings& chain,
                std::vector<std::string>& names) {
  for (const ChainStepSettings& step : steps) {
    if (asks_model(step) && !model_of(step, chain).empty()) add(names, model_of(step, chain));
    for (const ChainBranch& branch : step.parallel) add_models(branch.steps, chain, names);
  }
}

}  // namespace

std::vector<std::string> inputs_of(const ChainSettings& chain) {
  if (!chain.inputs.empty()) return chain.inputs;
  std::vector<std::string> names;
  add_free(chain.steps, {std::string(kInputPlaceholder), std::string(kMessagePlaceholder)}, names);
  return names;
}

const std::string& model_of(const ChainStepSettings& step, const ChainSettings& chain) {
  return step.model.empty() ? chain.model : step.model;
}

std::vector<std::string> models_of(const ChainSettings& chain) {
  std::vector<std::string> names;
  add_models(chain.steps, chain, names);
  return names;
}

}  // namespace troupe::agents

#include "agents/chains/section.h"

#include "agents/chains/limits.h"
#include "agents/chains/placeholders.h"
#include "agents/chains/step_shape.h"
#include "agents/chains/structure.h"
#include "runtime/config/record.h"
#include "runtime/config/scalars.h"

#include <chrono>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using config::Check;
using config::Record;
using namespace std::chrono_literals;

Record<ChainLimits> limits_of_a_run() {
  Record<ChainLimits> limits("What one run may use at most");
  limits.field("tokens", &ChainLimits::tokens, config::integer<std::int64_t>(1, 1'000'000'000),
               "input and output tokens together");
  limits
      .field("cost", &ChainLimits::cost, config::number(0.000001, 1e6),
             "in the currency of the models' prices; without it no limit")
      .without_default();
  limits.field("time", &ChainLimits::time, config::duration(100ms, 24h), "from start to end");
  limits.field("parallel", &ChainLimits::parallel, config::integer<int>(1, 32),
               "calls of branches and parts at work at once");
  return limits;
}

std::string input_problem(std::string_view name) {
  if (!is_placeholder_name(name)) return "a name is letters, digits and `_`, so that a prompt can say {name}";
  if (name == kInputPlaceholder || name == kMessagePlaceholder)
    return fmt::format("every prompt has {{{}}} already; take another name", name);
  return "";
}

Result<> read_into(std::vector<ChainStepSettings>& steps, const config::Environment& environment) {
  for (ChainStepSettings& step : steps) {
    for (ChainBranch& branch : step.parallel)
      if (auto read = read_into(branch.steps, environment); !read) return read;
    if (step.prompt_file.empty()) continue;
    auto text = environment.read_file(step.prompt_file, limits::kPromptFileBytes);
    if (!text) return fail(ErrorCode::store, fmt::format("{}: {}", step.prompt_file, text.error().message));
    step.prompt = std::move(*text);
  }
  return {};
}

void check_chain(const ChainSettings& settings, Check& check) {
  ChainSettings chain = settings;
  if (auto read = read_prompt_files(chain, check.environment()); !read)
    return check.error("steps", read.error().message);
  for (const ChainProblem& problem : structure_problems(chain)) check.error(problem.key, problem.text);
}

Record<ChainSettings> chain() {
  Record<ChainSettings> chain("A chain: prompts, models and parsers one after another");
  chain.field("description", &ChainSettings::description,
              config::text({.expected = "a description", .empty_allowed = true}),
              "what it does, for people and for agents that have it as a tool");
  chain.field("inputs", &ChainSettings::inputs,
              config::list_of(config::line({.expected = "a name", .check = input_problem}), "a list of names",
                              limits::kChainInputs),
              "what a run must bring, for {name} in prompts; without it what the prompts name");
  chain.field("model", &ChainSettings::model, config::reference("models", "model"),
              "of steps that name none");
  chain.field("retries", &ChainSettings::retries, config::integer<int>(0, limits::kChainRetries),
              "how often a model is told what was wrong with a reply that a parser could not read");
  chain.field("limits", &ChainSettings::limits, config::shape(limits_of_a_run()),
              "what one run may use at most");
  chain.field("steps", &ChainSettings::steps, chain_steps_shape(), "what is done, in order").required();
  chain.advise("prompt", "it belongs into `steps: [ { prompt: … } ]`");
  chain.advise("input_variables", "it is called `inputs`");
  chain.advise("llm", "it is called `model`");
  chain.check(check_chain);
  return chain;
}

}  // namespace

config::ShapePtr<config::Entries<ChainSettings>> chains_section() {
  return config::entries_of<ChainSettings>(config::shape(chain()), &ChainSettings::name, "chain", "targets");
}

Result<> read_prompt_files(ChainSettings& chain, const config::Environment& environment) {
  return read_into(chain.steps, environment);
}

}  // namespace troupe::agents

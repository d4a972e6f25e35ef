#include "agents/section.h"

#include "agents/guardrails/section.h"
#include "agents/memory_section.h"
#include "agents/people/section.h"
#include "agents/react/observation.h"
#include "agents/strategies/strategy.h"
#include "agents/strategies/structured_output.h"
#include "memory/conversation/block_edit.h"
#include "runtime/config/json_value.h"
#include "runtime/config/scalars.h"
#include "tools/names.h"

#include <algorithm>
#include <set>

namespace troupe::agents {

namespace {

using config::Check;
using config::Record;
using namespace std::chrono_literals;

constexpr std::size_t kToolsMax = 128;  // what providers take
constexpr std::size_t kExamplesMax = 32;
constexpr std::size_t kExampleStepsMax = 32;

Record<AgentLimits> limits_of_a_run() {
  Record<AgentLimits> limits("What one run may use at most");
  limits.field("steps", &AgentLimits::steps, config::integer<int>(1, 1000),
               "model calls, corrections and the final answer included");
  limits.field("tokens", &AgentLimits::tokens, config::integer<std::int64_t>(1, 1'000'000'000),
               "input and output tokens together");
  limits
      .field("cost", &AgentLimits::cost, config::number(0.000001, 1e6),
             "in the currency of the models' prices; without it no limit")
      .without_default();
  limits.field("time", &AgentLimits::time, config::duration(100ms, 24h),
               "from start to end; waiting for a person does not count");
  limits.field("tool_time", &AgentLimits::tool_time, config::duration(10ms, 1h), "one tool call");
  limits.field("repeats", &AgentLimits::repeats, config::integer<int>(1, 100),
               "identical calls: the last one allowed comes with a warning, the next is not made, the one "
               "after that ends the run");
  limits.field("observation", &AgentLimits::observation, config::bytes(256, 1u << 20),
               "what the model reads of one tool's output at once; the rest it can page through");
  limits.field("parallel", &AgentLimits::parallel, config::integer<int>(1, 32),
               "calls of one step at work at once");
  return limits;
}

Record<OutputSettings> output() {
  Record<OutputSettings> output("What an answer must be");
  output
      .field("schema", &OutputSettings::schema, config::json_object("a JSON Schema"),
             "JSON Schema that the answer must fit; it goes out as the answer's `data`")
      .required();
  output.field("retries", &OutputSettings::retries, config::integer<int>(0, 20),
               "how often an answer that does not fit is sent back with the reason");
  output.check([](const OutputSettings& settings, Check& check) {
    if (auto made = StructuredOutput::make(settings); !made) check.error("schema", made.error().message);
  });
  return output;
}

Record<ExampleStep> example_step() {
  Record<ExampleStep> step("One call of an example");
  step.field("thought", &ExampleStep::thought, config::text({.expected = "a thought"}),
             "why the call is made");
  step.field("tool", &ExampleStep::tool, config::part_reference("tools", "tool"), "which tool is called")
      .required();
  step.field("input", &ExampleStep::input, config::json_value("the tool's input"), "with which input");
  step.field("observation", &ExampleStep::observation, config::text({.expected = "what came back"}),
             "what came back")
      .required();
  return step;
}

Record<Example> example() {
  Record<Example> example("A question with the steps that lead to its answer");
  example
      .field("question", &Example::question, config::text({.expected = "a question"}), "what the user asks")
      .required();
  example.field("steps", &Example::steps,
                config::list_of(config::shape(example_step()), "a list of steps", kExampleStepsMax),
                "the calls, in order");
  example.field("thought", &Example::thought, config::text({.expected = "a thought"}), "before the answer");
  example
      .field("answer", &Example::answer, config::json_value("an answer"),
             "the answer: a text, or what `output.schema` asks for")
      .required();
  example.check([](const Example& one, Check& check) {
    if (one.answer.is_null()) check.error("answer", "must not be empty");
  });
  return example;
}

config::Words strategy_words() {
  config::Words words;
  for (const StrategyEntry& entry : strategy_entries())
    words.words.push_back({std::string(entry.name), std::string(entry.about)});
  words.reserved = {"plugin"};
  return words;
}

// An example that breaks the agent's own rules would teach the model to break them.
void check_examples(const AgentSettings& agent, Check& check) {
  auto output = StructuredOutput::make(agent.output);
  for (std::size_t i = 0; i < agent.examples.size(); ++i) {
    const Example& example = agent.examples[i];
    for (std::size_t k = 0; k < example.steps.size(); ++k)
      if (std::ranges::none_of(agent.tools, [&](const std::string& written) {
            return tools::covers(written, example.steps[k].tool);
          }))
        check.error(fmt::format("examples[{}].steps[{}].tool", i, k),
                    fmt::format("`{}` is not among this agent's tools", example.steps[k].tool));
    if (!output || !*output) continue;
    if (auto fits = (*output)->fits(example.answer); !fits)
      check.error(fmt::format("examples[{}].answer", i),
                  fmt::format("does not fit `output.schema`: {}", fits.error().message));
  }
}

void check_agent(const AgentSettings& agent, Check& check) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < agent.tools.size(); ++i)
    if (!seen.insert(agent.tools[i]).second)
      check.error(fmt::format("tools[{}]", i), fmt::format("`{}` is listed twice", agent.tools[i]));
  for (std::size_t i = 0; i < agent.tools.size(); ++i)
    if (agent.tools[i] == kReadMore)
      check.error(fmt::format("tools[{}]", i),
                  fmt::format("`{}` is the name of a built-in tool that reads on in long observations; give "
                              "this one another name",
                              kReadMore));
  for (std::size_t i = 0; i < agent.tools.size() && agent.memory.type == "facts"; ++i)
    if (std::ranges::find(memory::block_tools(), agent.tools[i], &memory::BlockTool::name) !=
        memory::block_tools().end())
      check.error(
          fmt::format("tools[{}]", i),
          fmt::format("`{}` is the name of a tool that edits this agent's memory blocks; give this one "
                      "another name",
                      agent.tools[i]));
  for (std::size_t i = 0; i < agent.approve.size(); ++i)
    if (std::ranges::none_of(agent.tools, [&](const std::string& written) {
          return tools::covers(written, agent.approve[i]) || tools::covers(agent.approve[i], written);
        }))
      check.error(
          fmt::format("approve[{}]", i),
          fmt::format("`{}` is none of this agent's tools, so it never calls it; add it to `tools`, or "
                      "take it out here",
                      agent.approve[i]));
}

Record<AgentSettings> agent() {
  Record<AgentSettings> agent("An agent: a model, a way of working and tools");
  auto prose = [](const char* expected) {
    return config::text({.expected = expected, .empty_allowed = true});
  };
  agent.field("description", &AgentSettings::description, prose("a description"),
              "what it does, for people and other agents");
  agent.field("role", &AgentSettings::role, prose("a role"), "who it is: Senior researcher");
  agent.field("goal", &AgentSettings::goal, prose("a goal"),
              "what it is to achieve; {name} is filled from a run's inputs");
  agent.field("backstory", &AgentSettings::backstory, prose("a backstory"), "where it comes from");
  agent.field("instructions", &AgentSettings::instructions, prose("instructions"),
              "instead of, or after, role, goal and backstory");
  agent
      .field("model", &AgentSettings::model, config::reference("models", "model"),
             "the name of an entry of `models`")
      .required();
  agent.field("strategy", &AgentSettings::strategy, config::one_of(strategy_words()), "how it works");
  agent.field("prompt", &AgentSettings::prompt, config::path(config::There::file),
              "a prompt file instead of the strategy's own");
  agent.field("examples", &AgentSettings::examples,
              config::list_of(config::shape(example()), "a list of examples", kExamplesMax),
              "few-shot examples, shown to the model in its strategy's form");
  agent.field("tools", &AgentSettings::tools,
              config::list_of(config::part_reference("tools", "tool"), "a list of tool names", kToolsMax),
              "names of entries of `tools`, or NAME/TOOL for one of an entry that gives several");
  agent.field("memory", &AgentSettings::memory, memory_section(), "what it remembers of a conversation");
  agent.field("limits", &AgentSettings::limits, config::shape(limits_of_a_run()),
              "what one run may use at most");
  agent.field(
      "on_limit", &AgentSettings::on_limit,
      config::one_of<OnLimit>({{{"stop", "the run ends"},
                                {"answer", "the agent is asked once for a best answer from what it has"}},
                               {}},
                              {OnLimit::stop, OnLimit::answer}),
      "what happens at a limit");
  agent.field("approve", &AgentSettings::approve,
              config::list_of(config::part_reference("tools", "tool"), "a list of tool names", kToolsMax),
              "tools whose calls wait until a person allows them");
  agent.field(
      "on_deny", &AgentSettings::on_deny,
      config::one_of<OnDeny>(
          {{{"tell", "the agent reads the reason and goes on"}, {"stop", "the run ends as `denied`"}}, {}},
          {OnDeny::tell, OnDeny::stop}),
      "what happens when a person denies a call");
  agent.field("approvals", &AgentSettings::approvals, config::shape(approvals_section()),
              "how long calls wait for a person");
  agent.field("output", &AgentSettings::output, config::shape(output()), "what an answer must be")
      .without_default();
  agent.field("guardrails", &AgentSettings::guardrails, config::shape(guardrails_section()),
              "rules for what users send and what the agent answers");
  agent.advise("llm", "it is called `model`");
  agent.advise("system_prompt", "it is called `instructions`");
  agent.advise("output_schema", "it is `output: { schema: … }`");
  agent.advise("few_shot", "it is called `examples`");
  agent.advise("human_input",
               "put the calls that a person decides about into `approve`, or give the agent a tool of "
               "`type: ask_human`");
  agent.advise("max_iter", "it is `limits: { steps: … }`");
  agent.advise("guardrail", "it is called `guardrails`");
  agent.advise("input_guardrails", "it is `guardrails: { input: [ … ] }`");
  agent.advise("output_guardrails", "it is `guardrails: { output: [ … ] }`");
  agent.advise("memory_type", "it is `memory: { type: … }`");
  for (const char* key : {"short_term_memory", "long_term_memory", "entity_memory", "memory_config"})
    agent.advise(key, "it is `memory: { type: … }`");
  agent.advise("temperature", "it belongs to the model");
  agent.check(check_agent);
  agent.check(check_examples);
  return agent;
}

}  // namespace

config::ShapePtr<config::Entries<AgentSettings>> section() {
  return config::entries_of<AgentSettings>(config::shape(agent()), &AgentSettings::name, "agent", "targets");
}

}  // namespace troupe::agents

#include "agents/strategies/text_labels.h"

#include "agents/strategies/factories.h"
#include "agents/strategies/untrusted.h"

#include <fmt/format.h>

namespace troupe::agents {

using models::Role;

std::vector<std::string> TextLabels::stop() const {
  return {fmt::format("\n{}:", result_label())};
}

void TextLabels::observed(models::Transcript& transcript,
                          const std::vector<Observation>& observations) const {
  transcript.add({.role = Role::user, .content = observation_lines(result_label(), observations)});
}

models::Message TextLabels::corrected(const std::string& reason) const {
  std::string text = untrusted_lines(reason);
  return {.role = Role::user, .content = (text.starts_with('\n') ? "Correction:" : "Correction: ") + text};
}

std::string TextLabels::answered(const std::string& text) const {
  return dialect_ == Dialect::conversational ? text : "Final Answer: " + text;
}

std::string TextLabels::call_lines(const ExampleStep& step) const {
  return fmt::format("Action: {}\nAction Input: {}", step.tool, dump(step.input));
}

std::string TextLabels::called(const ExampleStep& step) const {
  const std::string lines = call_lines(step);
  return step.thought.empty() ? lines : "Thought: " + step.thought + "\n" + lines;
}

std::string TextLabels::example(const Example& example) const {
  std::string text = "Question: " + example.question;
  for (const ExampleStep& step : example.steps) {
    text += "\n" + called(step);
    text += "\n" +
            observation_lines(result_label(), {{.tool = step.tool, .ok = true, .output = step.observation}});
  }
  if (!example.thought.empty()) text += "\nThought: " + example.thought;
  return text + "\nFinal Answer: " + answer_text(example);
}

std::string answer_text(const Example& example) {
  return example.answer.is_string() ? example.answer.get<std::string>() : dump(example.answer);
}

Result<std::unique_ptr<Strategy>> make_react_text(const Declarations&) {
  return std::make_unique<TextLabels>(Dialect::text_labels);
}

Result<std::unique_ptr<Strategy>> make_conversational(const Declarations&) {
  return std::make_unique<TextLabels>(Dialect::conversational);
}

}  // namespace troupe::agents

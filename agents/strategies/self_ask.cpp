#include "agents/strategies/factories.h"
#include "agents/strategies/text_labels.h"
#include "agents/strategies/text_tool.h"
#include "agents/strategies/untrusted.h"

#include <fmt/format.h>

namespace troupe::agents {

namespace {

/// `self_ask`: follow-up questions that the agent's search tool answers. Press et al., "Measuring and
/// Narrowing the Compositionality Gap in Language Models", 2022.
class SelfAsk final : public TextLabels {
 public:
  explicit SelfAsk(TextTool search) : TextLabels(Dialect::self_ask), search_(std::move(search)) {}

  std::unique_ptr<Strategy> clone() const override { return std::make_unique<SelfAsk>(*this); }
  StepParserOptions parser() const override {
    return {.dialect = Dialect::self_ask, .follow_up_tool = search_.name};
  }

  Reading read(const models::ModelReply& reply, const ParsedStep& parsed) override {
    Reading reading = TextLabels::read(reply, parsed);
    if (auto* step = std::get_if<ActionStep>(&reading.outcome))
      for (ParsedAction& action : step->actions)
        if (action.tool == search_.name) action.input = search_.input(action.input);
    return reading;
  }

  std::string answered(const std::string& text) const override { return "So the final answer is: " + text; }

  std::string called(const ExampleStep& step) const override {
    const Json* question = step.input.is_string() ? &step.input : find(step.input, search_.argument);
    return "Follow up: " +
           (question && question->is_string() ? question->get<std::string>() : dump(step.input));
  }

  std::string example(const Example& example) const override {
    std::string text = fmt::format("Question: {}\nAre follow up questions needed here: {}.", example.question,
                                   example.steps.empty() ? "No" : "Yes");
    for (const ExampleStep& step : example.steps) {
      text += "\n" + called(step);
      text += "\n" + observation_lines(result_label(), {{.ok = true, .output = step.observation}});
    }
    return text + "\nSo the final answer is: " + answer_text(example);
  }

 private:
  std::string_view result_label() const override { return "Intermediate answer"; }

  TextTool search_;
};

}  // namespace

Result<std::unique_ptr<Strategy>> make_self_ask(const Declarations& tools) {
  auto search = search_tool(tools);
  if (!search)
    return fail(
        ErrorCode::invalid,
        fmt::format(
            "strategy `self_ask` needs a tool that answers its follow-up questions, such as wikipedia, "
            "tavily or retriever; its tools: {}",
            tool_names(tools)));
  return std::make_unique<SelfAsk>(std::move(*search));
}

}  // namespace troupe::agents

#include "agents/strategies/factories.h"
#include "agents/strategies/text_labels.h"
#include "agents/strategies/text_tool.h"
#include "agents/strategies/tool_signature.h"
#include "runtime/base/ascii.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

/// `docstore`: Search[…] and Lookup[…] over whatever tool of the agent searches, as in the ReAct paper's
/// question answering.
class Docstore final : public TextLabels {
 public:
  Docstore(TextTool search, std::optional<TextTool> lookup, const Declarations& tools)
      : TextLabels(Dialect::brackets), search_(std::move(search)), lookup_(std::move(lookup)) {
    Declarations others;
    for (const models::ToolDeclaration& tool : tools) {
      names_.push_back(tool.name);
      if (tool.name != search_.name && (!lookup_ || tool.name != lookup_->name)) others.push_back(tool);
    }
    values_ =
        std::make_shared<const Json>(Json{{"lookup", lookup_.has_value()}, {"others", tool_values(others)}});
  }

  std::unique_ptr<Strategy> clone() const override { return std::make_unique<Docstore>(*this); }
  Json prompt_values() const override { return *values_; }

  Reading read(const models::ModelReply& reply, const ParsedStep& parsed) override {
    Reading reading = TextLabels::read(reply, parsed);
    if (auto* step = std::get_if<ActionStep>(&reading.outcome))
      for (ParsedAction& action : step->actions) translate(action);
    return reading;
  }

  std::string answered(const std::string& text) const override {
    return fmt::format("Action: Finish[{}]", text);
  }

  std::string example(const Example& example) const override {
    std::string text = TextLabels::example(example);
    std::size_t label = text.rfind("\nFinal Answer: ");
    return text.substr(0, label) + fmt::format("\nAction: Finish[{}]", answer_text(example));
  }

 private:
  // A tool of the agent that is really called `Search` stays what it is.
  void translate(ParsedAction& action) const {
    if (std::ranges::find(names_, action.tool) != names_.end()) return;
    std::string name = lower(action.tool);
    if (name == "search" || name == "retrieve") {
      action = {.tool = search_.name, .input = search_.input(action.input)};
    } else if (name == "lookup" && lookup_) {
      action = {.tool = lookup_->name, .input = lookup_->input(action.input)};
    } else if (name == "lookup") {
      action.problem = "not called: there is no Lookup here; use Search[…], or Finish[…] to answer";
    }
  }

  std::string call_lines(const ExampleStep& step) const override {
    auto written = [&](std::string_view name, const TextTool& tool) {
      const Json* text = step.input.is_string() ? &step.input : find(step.input, tool.argument);
      return fmt::format("Action: {}[{}]", name,
                         text && text->is_string() ? text->get<std::string>() : dump(step.input));
    };
    bool looks_up = lookup_ && step.tool == lookup_->name &&
                    std::ranges::all_of(lookup_->fixed.items(), [&](const auto& member) {
                      const Json* given = find(step.input, member.key());
                      return given && *given == member.value();
                    });
    std::string name = lower(step.tool);
    if (name == "lookup" || (looks_up && (!lookup_->fixed.empty() || step.tool != search_.name)))
      return written("Lookup", lookup_.value_or(search_));
    if (name == "search" || step.tool == search_.name) return written("Search", search_);
    return fmt::format("Action: {}[{}]", step.tool, dump(step.input));
  }

  TextTool search_;
  std::optional<TextTool> lookup_;
  std::vector<std::string> names_;
  std::shared_ptr<const Json> values_;  // shared by the clones: only the prompt needs it
};

}  // namespace

Result<std::unique_ptr<Strategy>> make_docstore(const Declarations& tools) {
  auto search = search_tool(tools);
  if (!search)
    return fail(
        ErrorCode::invalid,
        fmt::format("strategy `docstore` needs a tool that searches by a text, such as wikipedia, tavily or "
                    "retriever; its tools: {}",
                    tool_names(tools)));
  return std::make_unique<Docstore>(std::move(*search), lookup_tool(tools), tools);
}

}  // namespace troupe::agents

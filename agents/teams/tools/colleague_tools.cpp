#include "agents/teams/tools/colleague_tools.h"

#include <fmt/format.h>

namespace troupe::agents {

namespace {

/// A message to a colleague whose answer is waited for. Repeated after a crash it finds the run that it
/// began.
class AskingTool : public tools::Tool {
 public:
  AskingTool(tools::ToolSpec spec, std::shared_ptr<Switchboard> switchboard)
      : spec_(std::move(spec)), switchboard_(std::move(switchboard)) {
    spec_.waits = true;
  }

  const tools::ToolSpec& spec() const override { return spec_; }

  Task<Result<tools::ToolOutput>> call(tools::ToolInput input, CallContext& context) override {
    const Switchboard::Seat* seat = switchboard_->find(context.run);
    if (!seat)
      co_return fail(ErrorCode::unavailable,
                     "none of your colleagues is there: this run was asked of you alone. Go on by yourself.");
    Ask ask{.key = crew_key(spec_, input),
            .to = string_or(input.arguments, "to"),
            .text = text_for(input.arguments, seat->member),
            .from = seat->member,
            .run = context.run};
    const std::string to = ask.to;
    auto reply = co_await seat->crew->ask(std::move(ask), context.stop);
    if (context.stop.requested()) co_return fail(stopped("the colleague", context.stop.reason()));
    if (!reply)
      co_return fail(ErrorCode::tool, fmt::format("nothing came of asking `{}` ({}): {}", to,
                                                  reply.error().reason, reply.error().detail));
    if (!reply->done() && reply->text.empty())
      co_return fail(
          ErrorCode::tool,
          fmt::format("`{}` did not get there ({}, {}){}{}. Do it differently, or go "
                      "on without it.",
                      to, reply->status, reply->reason, reply->detail.empty() ? "" : ": ", reply->detail));
    tools::ToolOutput output{.text = reply->text.empty() ? "(nothing)" : std::move(reply->text)};
    if (!reply->done())
      output.text = fmt::format("Not finished ({}); this is what there is:\n{}", reply->reason, output.text);
    co_return output;
  }

 private:
  virtual std::string text_for(const Json& arguments, const std::string& from) const = 0;

  tools::ToolSpec spec_;
  std::shared_ptr<Switchboard> switchboard_;
};

class DelegateTool final : public AskingTool {
 public:
  DelegateTool(const Colleagues& colleagues, std::shared_ptr<Switchboard> switchboard)
      : AskingTool(
            spec_of("delegate",
                    "Gives a part of the work to a colleague and returns the result. The colleague sees "
                    "only what you write here. " +
                        who(colleagues),
                    {{"to", to_of(colleagues)},
                     {"task", text_of("what is to be done, with all that is needed to do it",
                                      limits::kTeamTextBytes)},
                     {"expected_output", text_of("what a good result looks like", limits::kTeamTextBytes)}},
                    {"to", "task"}),
            std::move(switchboard)) {}

 private:
  std::string text_for(const Json& arguments, const std::string&) const override {
    const std::string expected = string_or(arguments, "expected_output");
    return string_or(arguments, "task") + (expected.empty() ? "" : "\n\nExpected output: " + expected);
  }
};

class AskTool final : public AskingTool {
 public:
  AskTool(const Colleagues& colleagues, std::shared_ptr<Switchboard> switchboard)
      : AskingTool(spec_of("ask", "Asks a colleague a question and returns the answer. " + who(colleagues),
                           {{"to", to_of(colleagues)},
                            {"question", text_of("the question, with what is needed to understand it",
                                                 limits::kTeamTextBytes)}},
                           {"to", "question"}),
                   std::move(switchboard)) {}

 private:
  std::string text_for(const Json& arguments, const std::string&) const override {
    return string_or(arguments, "question");
  }
};

class HandoffTool final : public tools::Tool {
 public:
  explicit HandoffTool(const Colleagues& colleagues)
      : spec_(spec_of(
            "handoff",
            "Hands the conversation over to a colleague, who answers from now on. Your own work ends "
            "with it. " +
                who(colleagues),
            {{"to", to_of(colleagues)}, {"reason", text_of("why, in a sentence", limits::kTeamTextBytes)}},
            {"to", "reason"})) {}

  const tools::ToolSpec& spec() const override { return spec_; }

  Task<Result<tools::ToolOutput>> call(tools::ToolInput input, CallContext& context) override {
    const std::string to = string_or(input.arguments, "to");
    const std::string reason = string_or(input.arguments, "reason");
    const std::string team = context.agent.substr(0, context.agent.rfind('/') + 1);
    context.events.publish({.type = "handoff",
                            .step = context.step,
                            .fields = {{"from", context.agent}, {"to", team + to}, {"reason", reason}}});
    co_return tools::ToolOutput{.text = fmt::format("Handed over to {}: {}", to, reason), .ends = true};
  }

 private:
  tools::ToolSpec spec_;
};

}  // namespace

std::shared_ptr<tools::Tool> make_delegate_tool(const Colleagues& colleagues,
                                                std::shared_ptr<Switchboard> switchboard) {
  return std::make_shared<DelegateTool>(colleagues, std::move(switchboard));
}

std::shared_ptr<tools::Tool> make_ask_tool(const Colleagues& colleagues,
                                           std::shared_ptr<Switchboard> switchboard) {
  return std::make_shared<AskTool>(colleagues, std::move(switchboard));
}

std::shared_ptr<tools::Tool> make_handoff_tool(const Colleagues& colleagues) {
  return std::make_shared<HandoffTool>(colleagues);
}

}  // namespace troupe::agents

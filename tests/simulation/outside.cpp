#include "tests/simulation/outside.h"

#include "runtime/base/json.h"

#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace troupe::simulation {

namespace {

using models::Message;

constexpr Milliseconds kHangs = std::chrono::minutes(10);  // longer than any limit of the configuration

// The names of the tools that the prompt or the declarations tell of.
std::vector<std::string> offered(const models::ModelRequest& request) {
  std::vector<std::string> names;
  if (request.tool_mode == models::ToolMode::native) {
    for (const models::ToolDeclaration& tool : *request.tools) names.push_back(tool.name);
    return names;
  }
  const std::string& system = request.transcript->messages().front().content;
  for (const char* name : {"look", "put", "pay", "delegate", "ask", "handoff"})
    if (system.contains(fmt::format("\n- {}", name))) names.emplace_back(name);
  return names;
}

// A native call without its result is what providers refuse, and so is a result of nothing.
std::string dangling(const models::Transcript& transcript) {
  std::set<std::string> open;
  for (const Message& message : transcript.messages()) {
    if (message.role == models::Role::tool) {
      if (open.erase(message.tool_call_id) == 0) return "a result without a call: " + message.tool_call_id;
      continue;
    }
    if (!open.empty()) return "a call without a result: " + *open.begin();
    for (const models::ToolCall& call : message.tool_calls) open.insert(call.id);
  }
  return open.empty() ? "" : "a call without a result: " + *open.begin();
}

class SimModel final : public models::Model {
 public:
  explicit SimModel(Stage stage) : stage_(std::move(stage)) {}
  const std::string& name() const override { return name_; }

  Task<Result<models::ModelReply>> complete(models::ModelRequest request, models::TokenSink& sink,
                                            CallContext& context) override {
    Outside& outside = **stage_;
    Dice& dice = outside.dice;
    if (outside.process_is_gone) co_return fail(ErrorCode::network, "the process is gone");
    ++outside.asked;
    if (std::string wrong = dangling(*request.transcript); !wrong.empty())
      outside.wrong.push_back(context.run + " asks with " + wrong);
    const bool hangs = dice.percent(3);
    const Milliseconds takes = hangs ? kHangs : dice.between(1, dice.percent(10) ? 20'000 : 900);
    if (!co_await context.loop.sleep_for(takes, context.stop))
      co_return fail(stopped("the model", context.stop.reason()));
    if (hangs) co_return fail(Error{ErrorCode::timeout, "no byte came", true});
    if (dice.percent(4)) co_return fail(Error{ErrorCode::network, "the connection was cut", true});
    if (dice.percent(2)) co_return fail(Error{ErrorCode::model, "HTTP 400: no", false, 400});
    models::ModelReply reply = answer(request, dice);
    const bool breaks = dice.percent(4);
    if (!co_await show(reply, breaks, sink, context, dice))
      co_return fail(stopped("the model", context.stop.reason()));
    if (breaks) co_return fail(Error{ErrorCode::network, "the connection was cut in the middle", true});
    reply.usage = {.input_tokens = 100 + static_cast<std::int64_t>(dice.below(400)),
                   .output_tokens = 1 + static_cast<std::int64_t>(dice.below(60))};
    reply.model = name_;
    co_return reply;
  }

 private:
  // False: it was stopped.
  static Task<bool> show(models::ModelReply& reply, bool breaks, models::TokenSink& sink,
                         CallContext& context, Dice& dice) {
    const std::string text = std::exchange(reply.text, "");
    const std::size_t end = breaks ? text.size() / 2 : text.size();
    const std::size_t piece = 1 + dice.below(40);
    for (std::size_t at = 0; at < end; at += piece) {
      const std::string part = text.substr(at, std::min(piece, end - at));
      reply.text += part;
      if (!sink.on_text(part)) {
        reply.finish = models::FinishReason::closed_early;
        break;
      }
      if (dice.percent(30) && !co_await context.loop.sleep_for(dice.between(0, 50), context.stop))
        co_return false;
    }
    co_return true;
  }

  static models::ModelReply answer(const models::ModelRequest& request, Dice& dice) {
    const std::vector<std::string> tools = offered(request);
    const bool late = request.transcript->size() > 12;
    models::ModelReply reply;
    if (!tools.empty() && !late && dice.percent(60)) {
      const std::size_t count = dice.percent(20) ? 2 + dice.below(2) : 1;
      if (request.tool_mode == models::ToolMode::native)
        call_natively(reply, tools, count, dice);
      else
        reply.text = actions(tools, count, dice);
    } else if (dice.percent(7)) {
      reply.text = kNonsense[dice.below(kNonsense.size())];
    } else if (request.tool_mode == models::ToolMode::native) {
      reply.text = fmt::format("It is {}.", dice.below(1'000));
    } else {
      reply.text = dump({{"thought", "I know"}, {"final_answer", final_answer(dice)}});
    }
    return reply;
  }

  static std::string final_answer(Dice& dice) {
    if (dice.percent(20)) return R"({"accept": true, "reason": "good"})";
    if (dice.percent(15)) return R"({"accept": false, "reason": "too short"})";
    return fmt::format("It is {}.{}", dice.below(1'000), dice.percent(10) ? " TERMINATE" : "");
  }

  static Json input_for(const std::string& tool, Dice& dice) {
    static constexpr std::array kColleagues = {"solo", "talker", "native", "careful", "nobody"};
    const std::string to = kColleagues[dice.below(kColleagues.size())];
    if (tool == "delegate") return {{"to", to}, {"task", fmt::format("part {}", dice.below(100))}};
    if (tool == "ask") return {{"to", to}, {"question", fmt::format("what of {}?", dice.below(100))}};
    if (tool == "handoff") return {{"to", to}, {"reason", "it is theirs"}};
    if (dice.percent(5)) return {{"y", "wrong"}};
    return {{"x", dice.below(1'000)}};
  }
  static std::string tool_for(const std::vector<std::string>& tools, Dice& dice) {
    return dice.percent(4) ? "unknown" : tools[dice.below(tools.size())];
  }

  static std::string actions(const std::vector<std::string>& tools, std::size_t count, Dice& dice) {
    const std::string first = tool_for(tools, dice);
    if (count == 1)
      return dump({{"thought", "I look"}, {"action", first}, {"action_input", input_for(first, dice)}});
    Json list = Json::array();
    for (std::size_t i = 0; i < count; ++i) {
      const std::string tool = tool_for(tools, dice);
      list.push_back({{"tool", tool}, {"input", input_for(tool, dice)}});
    }
    return dump({{"thought", "I look at all"}, {"actions", std::move(list)}});
  }
  static void call_natively(models::ModelReply& reply, const std::vector<std::string>& tools,
                            std::size_t count, Dice& dice) {
    reply.finish = models::FinishReason::tool_calls;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string tool = tool_for(tools, dice);
      reply.tool_calls.push_back(
          {fmt::format("call_{}", dice.below(1'000'000'000)), tool, dump(input_for(tool, dice))});
    }
  }

  static constexpr std::array<std::string_view, 4> kNonsense = {
      "I do not know what to do.", R"({"thought": "half a)", "", "Action: look\nAction Input: {\"x\": 1}"};

  const Stage stage_;
  const std::string name_ = "simulated";
};

class SimTool final : public tools::Tool {
 public:
  SimTool(Stage stage, std::string name, tools::Effect effect) : stage_(std::move(stage)) {
    spec_.declaration = {
        .name = std::move(name),
        .description = "a tool",
        .schema =
            R"({"type":"object","properties":{"x":{"type":"integer"}},"required":["x"],"additionalProperties":false})"};
    spec_.effect = effect;
  }
  const tools::ToolSpec& spec() const override { return spec_; }

  Task<Result<tools::ToolOutput>> call(tools::ToolInput input, CallContext& context) override {
    Outside& outside = **stage_;
    Dice& dice = outside.dice;
    if (outside.process_is_gone) co_return fail(ErrorCode::network, "the process is gone");
    note(outside, input, context);
    const bool hangs = dice.percent(3);
    const Milliseconds takes = hangs ? kHangs : dice.between(0, dice.percent(10) ? 15'000 : 200);
    if (takes.count() > 0 && !co_await context.loop.sleep_for(takes, context.stop))
      co_return fail(stopped("the tool", context.stop.reason()));
    if (dice.percent(8)) co_return fail(ErrorCode::network, "the tool's server said no");
    co_return tools::ToolOutput{.text = fmt::format("{} of {}", dice.below(1'000), dump(input.arguments))};
  }

 private:
  void note(Outside& outside, const tools::ToolInput& input, const CallContext& context) const {
    if (input.idempotency_key.empty()) outside.wrong.push_back(context.run + " calls without a key");
    const std::string arguments = dump(input.arguments);
    Outside::Call& call = outside.calls[input.idempotency_key];
    if (call.dispatched > 0 && (call.arguments != arguments || call.tool != spec_.declaration.name))
      outside.wrong.push_back(context.run + " calls another thing under the same key");
    call.tool = spec_.declaration.name;
    call.effect = spec_.effect;
    call.arguments = arguments;
    if (++call.dispatched == 1 || spec_.effect != tools::Effect::at_most_once) return;
    if (++outside.repeats > outside.allowed)
      outside.wrong.push_back(
          fmt::format("{} calls {} {} a second time", context.run, call.tool, call.arguments));
  }

  const Stage stage_;
  tools::ToolSpec spec_;
};

}  // namespace

std::shared_ptr<models::Model> make_sim_model(Stage stage) {
  return std::make_shared<SimModel>(std::move(stage));
}
std::shared_ptr<tools::Tool> make_sim_tool(Stage stage, std::string name, tools::Effect effect) {
  return std::make_shared<SimTool>(std::move(stage), std::move(name), effect);
}

}  // namespace troupe::simulation

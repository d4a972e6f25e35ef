#pragma once

#include "models/model_use.h"
#include "runtime/async/one_shot.h"
#include "tools/tool.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace troupe::fakes {

/// A tool that does what a test says and remembers every call.
class TestTool final : public tools::Tool {
 public:
  using Body = std::function<Result<tools::ToolOutput>(const tools::ToolInput&)>;

  TestTool(std::string name, tools::Effect effect, Body body) : body_(std::move(body)) {
    spec_.declaration = {
        .name = std::move(name),
        .description = "a tool for tests",
        .schema =
            R"({"type":"object","properties":{"x":{"type":"integer"}},"required":["x"],"additionalProperties":false})"};
    spec_.effect = effect;
  }

  bool hang = false;  ///< does not answer until stopped
  std::chrono::milliseconds takes{0};
  std::vector<models::ModelUse> spends;  ///< what each call tells that it spent, before anything else
  std::function<void()> on_call;         ///< when a call begins
  std::function<void()> on_end;          ///< and when it ends by itself
  /// What it says of a call that had begun before; unset: it cannot tell.
  std::function<Result<tools::CallStatus>(const std::string& key)> on_status;

  const tools::ToolSpec& spec() const override { return spec_; }
  Task<Result<tools::ToolOutput>> call(tools::ToolInput input, CallContext& context) override {
    keys.push_back(input.idempotency_key);
    for (const models::ModelUse& use : spends) models::tell_use(context, use);
    if (hang) {
      OneShot<bool> stopped_now(context.loop);
      auto hook = context.stop.on_request([&stopped_now] { stopped_now.set(true); });
      co_await stopped_now.wait();
      co_return fail(stopped("the tool", context.stop.reason()));
    }
    if (on_call) on_call();
    if (takes.count() > 0) (void)co_await context.loop.sleep_for(takes, context.stop);
    if (on_end) on_end();
    co_return body_(input);
  }

  Task<Result<tools::CallStatus>> status(std::string key, CallContext&) override {
    asked.push_back(key);
    co_return on_status ? on_status(key) : tools::CallStatus{};
  }

  std::vector<std::string> keys;   ///< of every call, in order
  std::vector<std::string> asked;  ///< of every call whose status was asked

 private:
  tools::ToolSpec spec_;
  Body body_;
};

}  // namespace troupe::fakes

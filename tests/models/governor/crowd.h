#pragma once

#include "models/model.h"
#include "runtime/async/nursery.h"
#include "runtime/async/one_shot.h"
#include "tests/fakes/run_loop.h"
#include "tests/models/call.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::models::testing {

/// A model whose calls stay at work until they are let go or stopped.
class HeldModel final : public Model {
 public:
  Task<Result<ModelReply>> complete(ModelRequest, TokenSink&, CallContext& context) override {
    came.push_back(context.session);
    OneShot<bool> done(context.loop);
    held_.push_back(&done);
    most = std::max(most, held_.size());
    auto hook = context.stop.on_request([&done] { done.set(false); });
    const bool let_go = co_await done.wait();
    std::erase(held_, &done);
    if (!let_go) co_return fail(stopped("held", context.stop.reason()));
    if (error) co_return fail(*error);
    ModelReply reply;
    reply.text = "ok";
    reply.usage = usage;
    co_return reply;
  }
  const std::string& name() const override { return name_; }

  std::size_t held() const { return held_.size(); }
  void let_one_go() { held_.front()->set(true); }

  std::vector<std::string> came;  ///< sessions, in the order of their calls
  std::size_t most = 0;           ///< at work at once
  std::optional<Error> error;     ///< what calls that are let go end with
  Usage usage;

 private:
  std::string name_ = "held";
  std::deque<OneShot<bool>*> held_;
};

/// Many calls at once, each on behalf of somebody. `loop` outlives it.
class Crowd {
 public:
  struct Call {
    Stop stop;
    RecordingEvents events;
    RecordingSink sink;
    Deadline deadline;
    std::string tenant;
    std::string session;
    std::string run;
    std::optional<Result<ModelReply>> result;

    const Error& error() const { return result->error(); }
    std::size_t warnings(std::string_view code) const {
      return static_cast<std::size_t>(std::ranges::count_if(
          events.events, [&](const Event& event) { return event.fields["code"] == code; }));
    }
  };

  explicit Crowd(Loop& loop) : loop_(loop), nursery_(loop) {}
  ~Crowd() {
    for (Call& call : calls) call.stop.request(StopReason::cancelled);
    join();
  }

  /// Starts a call on the next turn of the loop.
  Call& start(Model& model, std::string session = "s", std::string tenant = "t", Deadline deadline = {},
              std::string run = "r") {
    Call& call = calls.emplace_back();
    call.deadline = deadline;
    call.tenant = std::move(tenant);
    call.session = std::move(session);
    call.run = std::move(run);
    nursery_.spawn("call", [this, &call, &model] { return make(call, model); });
    return call;
  }

  void join() { fakes::run(loop_, nursery_.join()); }
  /// Runs the loop until `condition` holds; false when it takes longer than any test may.
  bool until(std::function<bool()> condition) { return fakes::run(loop_, poll(std::move(condition))); }
  std::size_t ended() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(calls, [](const Call& call) { return call.result.has_value(); }));
  }

  std::deque<Call> calls;

 private:
  Task<> make(Call& call, Model& model) {
    CallContext context{.loop = loop_,
                        .stop = call.stop,
                        .deadline = call.deadline,
                        .events = call.events,
                        .principal = {.name = "p", .tenant = call.tenant},
                        .session = call.session,
                        .run = call.run};
    call.result = co_await model.complete(request_of({user("hi")}), call.sink, context);
  }

  Task<bool> poll(std::function<bool()> condition) {
    Stop never;
    for (const Instant end = loop_.clock().now() + fakes::kMaxTestWait / 2; loop_.clock().now() < end;) {
      if (condition()) co_return true;
      co_await loop_.sleep_for(Milliseconds(1), never);
    }
    co_return false;
  }

  Loop& loop_;
  Nursery nursery_;
};

}  // namespace troupe::models::testing

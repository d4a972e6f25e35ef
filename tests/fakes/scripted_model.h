#pragma once

#include "models/model.h"
#include "runtime/async/one_shot.h"

#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::fakes {

/// A model that says what a test tells it to, in small pieces as a real one does. The test double of what is
/// outside of the machine: tests of the engine do not need a wire.
class ScriptedModel final : public models::Model {
 public:
  struct Hang {};  ///< says nothing until it is stopped
  /// Thinks aloud, without end, until it is stopped.
  struct Ponder {
    std::string text;
  };
  /// Says so much, then its connection breaks.
  struct Break {
    std::string text;
    Error error{.code = ErrorCode::network, .message = "the connection was cut", .retryable = true};
  };
  using Line = std::variant<std::string, Error, Hang, Ponder, Break>;
  /// Decides by the request; overrides the script when set.
  using Rule = std::function<Line(const models::ModelRequest&)>;

  explicit ScriptedModel(std::vector<Line> script = {}) : script_(script.begin(), script.end()) {}
  explicit ScriptedModel(Rule rule) : rule_(std::move(rule)) {}

  void say(Line line) { script_.push_back(std::move(line)); }
  int calls() const { return calls_; }
  /// The last message of each request, in order.
  const std::vector<std::string>& heard() const { return heard_; }
  models::Usage usage;  ///< of every reply

  Task<Result<models::ModelReply>> complete(models::ModelRequest request, models::TokenSink& sink,
                                            CallContext& context) override {
    ++calls_;
    heard_.push_back(request.transcript->messages().back().content);
    Line line = next(request);
    if (auto* error = std::get_if<Error>(&line)) co_return fail(*error);
    if (std::holds_alternative<Hang>(line)) {
      OneShot<bool> stopped_now(context.loop);
      auto hook = context.stop.on_request([&stopped_now] { stopped_now.set(true); });
      co_await stopped_now.wait();
      co_return fail(stopped("the model", context.stop.reason()));
    }
    if (auto* ponder = std::get_if<Ponder>(&line)) {
      while (!context.stop.requested()) {
        sink.on_reasoning(ponder->text);
        (void)co_await context.loop.sleep_for(std::chrono::milliseconds(1), context.stop);
      }
      co_return fail(stopped("the model", context.stop.reason()));
    }
    models::ModelReply reply;
    reply.model = name_;
    reply.usage = usage;
    const auto* broken = std::get_if<Break>(&line);
    const std::string& text = broken ? broken->text : std::get<std::string>(line);
    for (std::size_t at = 0; at < text.size(); at += 7) {
      std::string piece = text.substr(at, 7);
      reply.text += piece;
      if (!sink.on_text(piece)) {
        reply.finish = models::FinishReason::closed_early;
        break;
      }
    }
    if (broken) co_return fail(broken->error);
    co_return reply;
  }
  const std::string& name() const override { return name_; }

 private:
  Line next(const models::ModelRequest& request) {
    if (rule_) return rule_(request);
    if (script_.empty()) return Error{ErrorCode::model, "the script has no more lines"};
    Line line = std::move(script_.front());
    script_.pop_front();
    return line;
  }

  std::string name_ = "scripted";
  std::deque<Line> script_;
  Rule rule_;
  int calls_ = 0;
  std::vector<std::string> heard_;
};

}  // namespace troupe::fakes

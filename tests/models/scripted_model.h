#pragma once

#include "models/model.h"

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::models::testing {

/// A model that does what it is told, call by call, and counts the calls.
class ScriptedModel final : public Model {
 public:
  struct Turn {
    std::vector<std::string> pieces;
    Result<ModelReply> outcome = ModelReply{};
  };
  std::deque<Turn> turns;
  int calls = 0;
  std::vector<Instant> at;  ///< when each call came

  Task<Result<ModelReply>> complete(ModelRequest, TokenSink& sink, CallContext& context) override {
    ++calls;
    at.push_back(context.loop.clock().now());
    if (turns.empty()) co_return fail(ErrorCode::internal, "the script is at its end");
    Turn turn = std::move(turns.front());
    turns.pop_front();
    for (const std::string& piece : turn.pieces) {
      if (sink.on_text(piece)) continue;
      if (turn.outcome) turn.outcome->finish = FinishReason::closed_early;
      break;
    }
    co_return turn.outcome;
  }
  const std::string& name() const override { return name_; }

  void fails(Error error, std::vector<std::string> pieces = {}) {
    turns.push_back({std::move(pieces), fail(std::move(error))});
  }
  void says(std::string text) {
    ModelReply reply;
    reply.text = text;
    turns.push_back({{std::move(text)}, std::move(reply)});
  }

 private:
  std::string name_ = "scripted";
};

inline Error busy(std::string message = "HTTP 429: slow down") {
  Error error{ErrorCode::model, std::move(message), true};
  error.status = 429;
  return error;
}

}  // namespace troupe::models::testing

#pragma once

#include "models/model.h"
#include "runtime/base/clock.h"
#include "tests/fakes/run_loop.h"

#include <memory>
#include <string>
#include <vector>

namespace troupe::models::testing {

/// Keeps what a model streams, and can have enough after some bytes.
class RecordingSink : public TokenSink {
 public:
  bool on_text(std::string_view piece) override {
    chunks.emplace_back(piece);
    text += piece;
    return text.size() < enough;
  }
  void on_reasoning(std::string_view piece) override { reasoning += piece; }
  void on_reset(int attempt) override { resets.push_back(attempt); }

  std::size_t enough = std::string::npos;
  std::vector<std::string> chunks;
  std::string text;
  std::string reasoning;
  std::vector<int> resets;
};

/// Keeps what a call reports.
class RecordingEvents : public EventSink {
 public:
  void publish(Event event) override { events.push_back(std::move(event)); }
  std::vector<Event> events;
};

/// A loop, a stop and a context: what a test needs to call a model.
struct Caller {
  SystemClock clock;
  Loop loop{clock};
  Stop stop;
  RecordingEvents events;
  RecordingSink sink;

  Result<ModelReply> call(Model& model, ModelRequest request, Deadline deadline = {}) {
    CallContext context{.loop = loop, .stop = stop, .deadline = deadline, .events = events};
    return fakes::run(loop, model.complete(std::move(request), sink, context));
  }
};

inline Message user(std::string text) {
  return {.role = Role::user, .content = std::move(text)};
}
inline Message instruct(std::string text) {
  return {.role = Role::system, .content = std::move(text)};
}
inline Message assistant(std::string text) {
  return {.role = Role::assistant, .content = std::move(text)};
}

inline ModelRequest request_of(std::vector<Message> messages, std::vector<ToolDeclaration> tools = {}) {
  auto transcript = std::make_shared<Transcript>();
  for (Message& message : messages) transcript->add(std::move(message));
  return {.transcript = transcript,
          .tools = std::make_shared<const std::vector<ToolDeclaration>>(std::move(tools))};
}

}  // namespace troupe::models::testing

#pragma once

#include "runtime/base/context.h"

#include <string>
#include <utility>

namespace troupe::agents {

/// What a tool tells of its work while it is at it, with the call that it belongs to, which tools do not
/// know. Lives as long as the call; `events` outlives it.
class CallEvents final : public EventSink {
 public:
  CallEvents(EventSink& events, std::string call) : events_(events), call_(std::move(call)) {}

  void publish(Event event) override {
    // What comes from a run within the call is of a call of its own.
    if (event.type == "tool.progress" && !event.fields.contains("call")) {
      Json fields = {{"call", call_}};
      fields.update(event.fields);
      event.fields = std::move(fields);
    }
    events_.publish(std::move(event));
  }

 private:
  EventSink& events_;
  std::string call_;
};

}  // namespace troupe::agents

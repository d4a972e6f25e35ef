#pragma once

#include "runtime/async/loop.h"
#include "runtime/base/context.h"

#include <vector>

namespace troupe::fakes {

/// A loop with everything a tool call is given.
struct FakeContext {
  struct Sink final : EventSink {
    std::vector<Event> events;
    void publish(Event event) override { events.push_back(std::move(event)); }
  };

  SystemClock clock;
  Loop loop{clock};
  Stop stop;
  Sink sink;
  CallContext context{loop, stop, Deadline(), sink, Principal{}, "s_1", "r_1", "agent", 1};
};

}  // namespace troupe::fakes

#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/base/clock.h"
#include "runtime/base/event.h"

#include <string>
#include <string_view>

namespace troupe {

/// On whose behalf something is done. Sessions, runs, memory and knowledge belong to a tenant; another
/// tenant's are "not found".
struct Principal {
  std::string name = "local";
  std::string tenant = "default";
};

/// Where a running call reports what is not journaled: deltas and progress. Loop thread. Never blocks.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void publish(Event event) = 0;
};

/// What every model, tool and memory call is given: whose it is, how long it may take, how it is stopped.
/// A callee passes it on, or a copy with a sooner deadline and a child Stop. Loop thread only; it outlives
/// the call it is given to.
struct CallContext {
  Loop& loop;
  Stop& stop;  ///< requested: end soon, answer ErrorCode::cancelled (or timeout on StopReason::deadline)
  Deadline deadline;  ///< only shrinks on the way down
  EventSink& events;
  Principal principal;
  std::string session;
  std::string run;
  std::string agent;
  int step = 0;
};

/// The error for a call that ended because its Stop was requested.
Error stopped(std::string_view what, StopReason reason);

}  // namespace troupe

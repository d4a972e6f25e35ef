#pragma once

#include "app/talk/peer.h"
#include "app/talk/printer.h"
#include "runtime/async/loop.h"
#include "runtime/async/stop.h"

#include <functional>
#include <string>

namespace troupe::app {

/// Sends a message and prints its run's events until run.finished. Returns the exit code: kDone, kFailed,
/// kInterrupted. `cancelled` requested once cancels the run (and still waits for its end), `gone` requested
/// leaves.
Task<int> follow_run(Loop& loop, Peer& peer, Outgoing message, Printer& printer, Stop& cancelled, Stop& gone);

/// SIGINT: the first one requests `cancelled`, the next one `gone`. Restored when destroyed.
class Interrupts {
 public:
  Interrupts(Loop& loop, Stop& cancelled, Stop& gone);
  ~Interrupts();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace troupe::app

#pragma once

#include "app/talk/approver.h"
#include "app/talk/peer.h"
#include "app/talk/printer.h"
#include "runtime/async/loop.h"
#include "runtime/async/stop.h"

#include <functional>
#include <string>

namespace troupe::app {

/// How one run is followed. All outlive the following.
struct Following {
  Printer& printer;
  LineReader* lines;  ///< where a person answers; nullptr: nowhere
  Stop& cancelled;    ///< requested once: cancels the run, and still waits for its end
  Stop& gone;         ///< requested: leaves
};

/// Sends a message and prints its run's events until run.finished; calls that need an approval are asked
/// about, also those of other runs of the session, which ours may have to wait for. Returns the exit code:
/// kDone (also for an answer that came at a limit), kFailed, kInterrupted, kNeedsApproval (there is nobody to
/// ask; the run goes on waiting).
Task<int> follow_run(Loop& loop, Peer& peer, Outgoing message, Following following);

/// The same for a run that is at work already.
Task<int> follow_run(Loop& loop, Peer& peer, std::string run, Following following);

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

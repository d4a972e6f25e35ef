#pragma once

#include "app/talk/peer.h"
#include "runtime/async/loop.h"
#include "runtime/async/stop.h"

#include <cstdint>
#include <string>

namespace troupe::app {

/// What became of a question.
struct AskedCase {
  std::string answer;   ///< empty where the run failed
  std::string failure;  ///< why there is no answer; empty: there is one
  std::string session;
  std::string run;  ///< "": none was begun
  std::int64_t ms = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  double cost = 0;
};

/// Asks a question in a session of its own and waits for its run's end. An answer that came at a limit is
/// one. A run that fails, and a message that is refused, are no error: the outcome says so. A run that would
/// have to wait for a person is cancelled. `cancelled` requested: the run is cancelled, and its end still
/// waited for; `gone`: nothing is waited for any more. Errors, after which no other question has a chance:
/// those of Peer::open() (not_found: the target), network (the daemon went away), cancelled.
Task<Result<AskedCase>> ask_case(Loop& loop, Peer& peer, std::string target, Outgoing message,
                                 Stop& cancelled, Stop& gone);

}  // namespace troupe::app

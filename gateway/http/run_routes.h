#pragma once

#include "agents/runs/run_desk.h"
#include "gateway/http/router.h"
#include "runtime/async/loop.h"
#include "runtime/base/limits.h"

#include <chrono>
#include <cstddef>

namespace troupe::gateway {

/// /v1/runs: a run is begun, watched, cancelled, and its calls that wait for a person are decided, by its
/// tenant.
class RunRoutes {
 public:
  /// Both outlive it.
  RunRoutes(Loop& loop, agents::RunDesk& desk) : loop_(loop), desk_(desk) {}
  /// The routes call this object.
  void add_to(Router& router);

  static constexpr std::chrono::minutes kWait{10};                 // for the end of a run
  static constexpr std::size_t kPage = 512;                        // of events, read at once
  static constexpr std::size_t kEventsBytes = limits::kJsonBytes;  // of a run, at once

 private:
  Task<net::ServerReply> begin(HttpCall call);
  Task<net::ServerReply> show(HttpCall call);
  Task<net::ServerReply> events(HttpCall call);
  Task<net::ServerReply> cancel(HttpCall call);
  Task<net::ServerReply> fork(HttpCall call, bool resumes);
  Task<bool> is_below(Principal principal, std::string run, std::string top);
  Task<net::ServerReply> decide(HttpCall call, bool approve);

  Task<Result<agents::Accepted>> submit(agents::Submission submission);
  Task<Result<store::RunRow>> ended(Principal principal, std::string run, Stop& drain);
  Task<net::ServerReply> stream(store::RunRow run, std::int64_t after, Stop& drain);

  Loop& loop_;
  agents::RunDesk& desk_;
};

}  // namespace troupe::gateway

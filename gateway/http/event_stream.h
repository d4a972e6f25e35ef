#pragma once

#include "agents/runs/run_tree.h"
#include "gateway/protocol/session_feed.h"
#include "runtime/async/loop.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/limits.h"
#include "runtime/net/http_server.h"
#include "runtime/store/journal.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace troupe::gateway {

/// The events of one run, and of the members where it is a team's, as server-sent events (WHATWG HTML,
/// section 9.2): what the journal has of it, then what comes, to its end. Journaled events bear their seq as
/// `id`, so that a browser that comes back says with Last-Event-ID what it has. A client that reads slowly
/// loses deltas, of a step all that follow the first one lost; past kPendingBytes it is cut off, and comes
/// back. Loop thread; the journal outlives it.
class EventStream final : store::Subscriber {
 public:
  /// Of events with a seq above `after`, which is not beyond the last one of the session.
  EventStream(Loop& loop, store::Journal& journal, const store::RunRow& run, std::int64_t after);

  /// Returns when the run has ended and everything is written, the reader has gone, or `drain` is requested.
  Task<> write_to(net::BodyWriter& body, Stop& drain);

  static constexpr std::size_t kPendingBytes = limits::kOutboxBytes;
  static constexpr std::chrono::seconds kBeat{15};  // between signs of life

 private:
  void on_frame(const Frame& frame) override;
  void pass(const Frame& frame);
  Task<bool> read(SessionFeed::Page page, net::BodyWriter& body);
  Task<> wait();
  void wake();

  Loop& loop_;
  store::Journal& journal_;
  const std::string session_;
  agents::RunTree runs_;
  const std::int64_t after_;
  SessionFeed feed_;
  std::string pending_;               // written next
  std::map<std::string, int> muted_;  // by run: deltas up to this step are not sent any more
  bool ended_ = false;                // the last event of the run is written, or will be
  bool overflowed_ = false;
  OneShot<bool>* waiting_ = nullptr;
  std::unique_ptr<store::Journal::Subscription> subscription_;
};

/// One event: "id: SEQ", unless it has none, "event: TYPE" and its JSON as "data: …". Pure.
std::string server_sent(const Frame& frame);

}  // namespace troupe::gateway

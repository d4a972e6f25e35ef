#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/stop.h"

#include <csignal>

#include <boost/asio/signal_set.hpp>

namespace troupe::app {

/// SIGINT and SIGTERM become a request to stop while it lives: an ingest ends between two documents' commits,
/// and what was committed stays. `loop` outlives it; loop thread.
class Interrupt {
 public:
  explicit Interrupt(Loop& loop) : set_(loop.context(), SIGINT, SIGTERM) {
    set_.async_wait([this](boost::system::error_code error, int) {
      if (!error) stop.request(StopReason::cancelled);
    });
  }
  ~Interrupt() { set_.cancel(); }
  Stop stop;

 private:
  boost::asio::signal_set set_;
};

}  // namespace troupe::app

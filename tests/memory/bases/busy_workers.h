#pragma once

#include "runtime/async/offload.h"

#include <cstddef>
#include <future>

#include <boost/asio/post.hpp>

namespace troupe::memory::testing {

/// Workers that get to nothing else until they are released.
class BusyWorkers {
 public:
  BusyWorkers(Workers& workers, std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i)
      boost::asio::post(workers.pool(), [until = released_] { until.wait(); });
  }
  ~BusyWorkers() { release(); }
  BusyWorkers(const BusyWorkers&) = delete;
  BusyWorkers& operator=(const BusyWorkers&) = delete;
  void release() {
    if (!done_) release_.set_value();
    done_ = true;
  }

 private:
  std::promise<void> release_;
  std::shared_future<void> released_{release_.get_future()};
  bool done_ = false;
};

}  // namespace troupe::memory::testing

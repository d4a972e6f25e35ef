#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/task.h"

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace troupe {

/// A bounded pool for what blocks or computes for more than about 5 ms. Its threads begin with the first
/// work: who has none pays for none. Destruction waits for what runs.
class Workers {
 public:
  explicit Workers(std::size_t threads) : threads_(threads) {}
  ~Workers() {
    if (pool_) pool_->join();
  }
  /// Loop thread only.
  boost::asio::thread_pool& pool() {
    if (!pool_) pool_.emplace(threads_);
    return *pool_;
  }

 private:
  const std::size_t threads_;
  std::optional<boost::asio::thread_pool> pool_;
};

/// Runs `work` on a worker thread and comes back to the loop with its value. `work` must own what it
/// touches; it cannot be cancelled, so it bounds itself. Exceptions must not leave it.
template <class Work>
Task<std::invoke_result_t<Work>> offload(Loop& loop, Workers& workers, Work work) {
  using T = std::invoke_result_t<Work>;
  std::optional<T> value;
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
      [&](auto handler) {
        // The guard keeps run() from returning while the only pending work is on the other thread.
        auto guard = boost::asio::make_work_guard(loop.context());
        boost::asio::post(workers.pool(), [&loop, &value, work = std::move(work), h = std::move(handler),
                                           guard = std::move(guard)]() mutable {
          value.emplace(work());
          // The guard goes along: once the loop has the handler, it may end at any time, and be gone.
          boost::asio::post(loop.context(), [h = std::move(h), guard = std::move(guard)]() mutable {
            guard.reset();
            std::move(h)();
          });
        });
      },
      boost::asio::use_awaitable);
  co_return std::move(*value);
}

}  // namespace troupe

#pragma once

#include "runtime/async/loop.h"

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace troupe::net {

/// The way back to the loop for a thread that may outlive what it works for, such as one that is stuck in
/// getaddrinfo. Shared by both sides.
class LoopPort : public std::enable_shared_from_this<LoopPort> {
 public:
  explicit LoopPort(Loop& loop) : loop_(&loop) {}

  /// Runs `work` on the loop, unless the port is closed by then. Any thread.
  void post(std::move_only_function<void()> work) {
    std::lock_guard lock(mutex_);
    if (!loop_) return;
    loop_->post([self = shared_from_this(), run = std::move(work)]() mutable {
      if (!self->closed_) run();
    });
  }

  /// Nothing that was posted runs after this, and the loop is not touched any more. Loop thread.
  void close() {
    closed_ = true;
    std::lock_guard lock(mutex_);
    loop_ = nullptr;
  }

 private:
  std::mutex mutex_;
  Loop* loop_;           // guarded by mutex_
  bool closed_ = false;  // loop thread only
};

}  // namespace troupe::net

#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/task.h"

#include <cassert>
#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace troupe {

/// A value that one coroutine waits for and somebody else sets, once: the bridge from callbacks to
/// coroutines. Setting twice is allowed and ignored, so that a result and a stop may race.
/// Loop thread only; must outlive the wait. T must be default constructible.
template <class T>
class OneShot {
 public:
  explicit OneShot(Loop& loop) : loop_(loop) {}
  OneShot(const OneShot&) = delete;
  OneShot& operator=(const OneShot&) = delete;

  bool is_set() const { return value_.has_value(); }

  /// Resumes the waiter on a later turn of the loop, never on the caller's stack.
  void set(T value) {
    if (value_) return;
    value_ = std::move(value);
    if (waiter_) boost::asio::post(loop_.context(), std::exchange(waiter_, nullptr));
  }

  Task<T> wait() {
    if (!value_) {
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
          [this](auto handler) {
            assert(!waiter_ && "two coroutines wait for one value");
            waiter_ = [h = std::move(handler)]() mutable { std::move(h)(); };
          },
          boost::asio::use_awaitable);
    }
    co_return std::move(*value_);
  }

 private:
  Loop& loop_;
  std::optional<T> value_;
  std::move_only_function<void()> waiter_;
};

}  // namespace troupe

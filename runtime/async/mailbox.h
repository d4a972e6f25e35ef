#pragma once

#include "runtime/async/one_shot.h"
#include "runtime/async/stop.h"

#include <deque>
#include <optional>
#include <utility>

namespace troupe {

/// A bounded queue with many writers and one reader, all on the loop thread. When it is full, put()
/// answers false: a mailbox says "busy", it does not grow.
template <class T>
class Mailbox {
 public:
  Mailbox(Loop& loop, std::size_t capacity) : loop_(loop), capacity_(capacity) {}

  std::size_t size() const { return items_.size(); }
  std::size_t capacity() const { return capacity_; }

  [[nodiscard]] bool put(T item) {
    if (closed_ || items_.size() >= capacity_) return false;
    items_.push_back(std::move(item));
    wake();
    return true;
  }

  /// No more items; the reader gets what is left, then nothing.
  void close() {
    closed_ = true;
    wake();
  }

  /// The next item; nothing when the mailbox is closed and empty or `stop` came first.
  Task<std::optional<T>> take(Stop& stop) {
    while (items_.empty()) {
      if (closed_ || stop.requested()) co_return std::nullopt;
      OneShot<bool> ready(loop_);
      ready_ = &ready;
      auto hook = stop.on_request([&ready] { ready.set(false); });
      co_await ready.wait();
      ready_ = nullptr;
    }
    T item = std::move(items_.front());
    items_.pop_front();
    co_return item;
  }

 private:
  void wake() {
    if (ready_) ready_->set(true);
  }

  Loop& loop_;
  std::size_t capacity_;
  std::deque<T> items_;
  bool closed_ = false;
  OneShot<bool>* ready_ = nullptr;  // set while the reader waits
};

}  // namespace troupe

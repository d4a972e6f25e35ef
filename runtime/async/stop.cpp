#include "runtime/async/stop.h"

#include <cassert>
#include <utility>

namespace troupe {

Stop::Stop(Stop& parent) {
  parent_hook_ = parent.on_request([this, &parent] { request(parent.reason()); });
}

Stop::~Stop() {
  assert(hooks_.empty() && "a hook outlives its Stop");
}

void Stop::request(StopReason reason) {
  if (requested()) return;
  reason_ = reason;
  // A callback may unregister other hooks, so take them one at a time. The entry stays in the list while
  // it runs: its own Hook may be destroyed by what the callback sets in motion later, not by the callback.
  while (!hooks_.empty()) {
    auto callback = std::exchange(hooks_.back(), nullptr);
    if (!callback) break;  // everything from here on was called already
    // Move the spent entry to the front, so that the loop ends when it meets one.
    hooks_.splice(hooks_.begin(), hooks_, std::prev(hooks_.end()));
    callback();
  }
}

Stop::Hook& Stop::Hook::operator=(Hook&& other) noexcept {
  if (this == &other) return *this;
  reset();
  stop_ = std::exchange(other.stop_, nullptr);
  entry_ = other.entry_;
  return *this;
}

void Stop::Hook::reset() {
  if (!stop_) return;
  stop_->hooks_.erase(entry_);
  stop_ = nullptr;
}

Stop::Hook Stop::on_request(std::function<void()> callback) {
  Hook hook;
  if (requested()) {
    callback();
    return hook;
  }
  hooks_.push_back(std::move(callback));
  hook.stop_ = this;
  hook.entry_ = std::prev(hooks_.end());
  return hook;
}

}  // namespace troupe

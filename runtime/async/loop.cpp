#include "runtime/async/loop.h"

#include "runtime/async/one_shot.h"

#include <boost/asio/post.hpp>

namespace troupe {

struct Loop::Alarm::Entry {
  Loop* loop = nullptr;  // null once fired or cancelled
  Alarms::iterator position;
  std::function<void()> callback;
};

Loop::Loop(const Clock& clock) : clock_(clock), timer_(context_) {}

Loop::~Loop() {
  for (auto& [when, entry] : alarms_) entry->loop = nullptr;  // an Alarm that outlives us must not touch us
}

void Loop::post(std::move_only_function<void()> work) {
  boost::asio::post(context_, std::move(work));
}

Loop::Alarm& Loop::Alarm::operator=(Alarm&& other) noexcept {
  if (this == &other) return *this;
  reset();
  entry_ = std::move(other.entry_);
  return *this;
}

void Loop::Alarm::reset() {
  if (entry_ && entry_->loop) {
    entry_->loop->alarms_.erase(entry_->position);
    entry_->loop = nullptr;
  }
  entry_.reset();
}

Loop::Alarm Loop::at(Instant when, std::function<void()> callback) {
  Alarm alarm;
  alarm.entry_ = std::make_shared<Alarm::Entry>();
  alarm.entry_->loop = this;
  alarm.entry_->callback = std::move(callback);
  alarm.entry_->position = alarms_.emplace(when, alarm.entry_);
  arm(when);
  return alarm;
}

void Loop::arm(Instant when) {
  if (when >= armed_) return;
  armed_ = when;
  timer_.expires_at(when);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) ring();
  });
}

void Loop::ring() {
  armed_ = Instant::max();
  const Instant now = clock_.now();
  while (!alarms_.empty() && alarms_.begin()->first <= now) {
    auto entry = std::move(alarms_.begin()->second);
    alarms_.erase(alarms_.begin());
    entry->loop = nullptr;
    entry->callback();
  }
  if (!alarms_.empty()) arm(alarms_.begin()->first);
}

Task<bool> Loop::sleep_until(Instant when, Stop& stop) {
  OneShot<bool> done(*this);
  auto alarm = at(when, [&done] { done.set(true); });
  auto hook = stop.on_request([&done] { done.set(false); });
  co_return co_await done.wait();
}

Task<bool> Loop::sleep_for(Milliseconds duration, Stop& stop) {
  co_return co_await sleep_until(clock_.now() + duration, stop);
}

}  // namespace troupe

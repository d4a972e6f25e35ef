#pragma once

#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/clock.h"

#include <functional>
#include <map>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace troupe {

/// The one event loop of the daemon: an io_context run by a single thread, and its timers.
///
/// Alarms are kept in one ordered map behind one Asio timer that is armed only for an instant earlier than
/// the one it is armed for already. A request that sets and clears a 60 s deadline costs a map insert and
/// erase, not two timerfd_settime calls, which on a virtual machine trap to the hypervisor (12 µs each).
class Loop {
 public:
  explicit Loop(const Clock& clock);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  boost::asio::io_context& context() { return context_; }
  const Clock& clock() const { return clock_; }

  /// Runs until there is nothing left to do or halt() was called. The calling thread becomes the loop thread.
  void run() { context_.run(); }
  /// Ends run() soon. Any thread.
  void halt() { context_.stop(); }
  /// Calls `work` on the loop thread, later. Any thread.
  void post(std::move_only_function<void()> work);

  /// A pending callback; destroying it cancels.
  class Alarm {
   public:
    Alarm() = default;
    Alarm(Alarm&& other) noexcept { *this = std::move(other); }
    Alarm& operator=(Alarm&& other) noexcept;
    ~Alarm() { reset(); }
    void reset();

   private:
    friend class Loop;
    struct Entry;
    std::shared_ptr<Entry> entry_;
  };
  /// Calls `callback` once at or shortly after `when`, on the loop thread. Loop thread only.
  [[nodiscard]] Alarm at(Instant when, std::function<void()> callback);
  /// How many are pending: none where nothing of what was begun is left.
  std::size_t alarms() const { return alarms_.size(); }
  /// When the next one is due; Instant::max(): there is none.
  Instant next_alarm() const { return alarms_.empty() ? Instant::max() : alarms_.begin()->first; }
  /// Calls those that are due now: for a clock of one's own, which the machine's timers know nothing of.
  void fire_due() { fire(); }

  /// Sleeps. True when the time passed, false when `stop` came first.
  Task<bool> sleep_until(Instant when, Stop& stop);
  Task<bool> sleep_for(Milliseconds duration, Stop& stop);

 private:
  using Alarms = std::multimap<Instant, std::shared_ptr<Alarm::Entry>>;

  void arm(Instant when);
  void fire();

  const Clock& clock_;
  boost::asio::io_context context_{1};  // hint: one thread, so Asio leaves its locks out of the way
  Alarms alarms_;
  boost::asio::steady_timer timer_;
  Instant armed_ = Instant::max();
};

}  // namespace troupe

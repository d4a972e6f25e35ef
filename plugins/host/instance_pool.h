#pragma once

#include "plugins/host/instance.h"
#include "runtime/async/nursery.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <vector>

namespace troupe::plugins {

struct PoolSettings {
  std::size_t workers = 2;          ///< instances at once
  std::size_t queue = 64;           ///< calls that wait for one
  std::size_t calls = 10'000;       ///< of one instance, which then makes way: what leaks, leaks no further
  Milliseconds idle{300'000};       ///< then an instance without a call ends
  Milliseconds backoff_first{100};  ///< after one that died before its first answer, doubled each time, to
  Milliseconds backoff_most{10'000};
};

/// A few instances of one plugin, started when they are first needed and kept warm. A call goes to the one
/// that was used last and has room, so that those not needed become idle and end. One that died is replaced
/// by the next call; when fresh ones die at once, that waits longer each time. Loop thread only.
class InstancePool {
 public:
  /// `loop` and `settings.http` outlive it.
  InstancePool(Loop& loop, LineMaker make, InstanceSettings settings, PoolSettings pool);
  /// close() must have returned when there was any call.
  ~InstancePool() = default;
  InstancePool(const InstancePool&) = delete;
  InstancePool& operator=(const InstancePool&) = delete;

  /// Waits its turn, in order, then as Instance::call(); a call is never made twice. Further errors: those of
  /// Instance::start(), busy (`queue` calls wait already; retryable), timeout and cancelled while waiting,
  /// unavailable after close().
  Task<Result<PluginAnswer>> call(PluginCall call, CallContext& context,
                                  std::function<void(std::string_view)> part = nullptr);

  /// Starts one, unless one is alive, and tells what it is. Errors as Instance::start().
  Task<Result<PluginDescription>> describe(Stop& stop);

  /// No further calls; those at work end as they end. Returns when the last has and no instance is left.
  Task<> drain();
  /// Ends calls with `shutdown`; returns when no instance is left.
  Task<> close();

  struct Counts {
    std::size_t alive = 0;
    std::size_t working = 0;  ///< calls at work
    std::size_t waiting = 0;  ///< calls
    std::size_t started = 0;  ///< instances, ever
  };
  Counts counts() const;

 private:
  /// A place for one instance.
  struct Slot {
    std::shared_ptr<Instance> instance;
    bool starting = false;   ///< or ending: nobody else may use it
    std::size_t taken = 0;   ///< calls that have it
    std::uint64_t used = 0;  ///< when, counted in calls
    Loop::Alarm idle;
  };

  Task<Result<PluginAnswer>> take_turn(PluginCall call, CallContext& context,
                                       std::function<void(std::string_view)> part);
  Task<Slot*> acquire(Stop& ending);
  Task<Result<>> furnish(Slot& slot, Stop& ending);
  std::size_t room(const Slot& slot) const;
  Slot* free_slot();
  void release(Slot& slot);
  void wake();
  void retire(Slot& slot);
  void note_failure();

  Loop& loop_;
  const LineMaker make_;
  const InstanceSettings settings_;
  const PoolSettings pool_;
  std::vector<Slot> slots_;
  std::list<OneShot<Slot*>*> waiting_;
  Instant not_before_{};  ///< no fresh instance
  int failures_ = 0;      ///< of fresh instances in a row
  std::uint64_t calls_ = 0;
  std::size_t started_ = 0;
  bool closed_ = false;
  Stop closing_;
  std::size_t active_ = 0;  ///< calls inside
  OneShot<bool> emptied_;   ///< set when closed and no call is inside
  Nursery nursery_;         ///< who ends instances
};

}  // namespace troupe::plugins

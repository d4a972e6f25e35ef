#pragma once

#include "runtime/async/nursery.h"
#include "runtime/async/one_shot.h"
#include "runtime/sandbox/worker.h"

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace troupe::sandbox {

struct PoolSettings {
  std::size_t workers = 2;  ///< processes at once
  std::size_t queue = 64;   ///< calls that wait for one
  std::size_t frame_bytes = kFrameBytes;
  std::size_t calls =
      1'000;  ///< of one worker, which then makes way for a fresh one: what leaks, leaks no further
  Milliseconds idle{60'000};  ///< then a worker without a call ends
  Milliseconds backoff_first{
      100};  ///< after a worker that failed before its first answer, doubled each time, to
  Milliseconds backoff_most{10'000};
};

/// A few workers of one program, started when they are first needed and kept warm. A call goes to the worker
/// that was used last, so that those not needed become idle and end. A worker that went wrong is replaced by
/// the next call; when fresh ones fail at once, that waits longer each time. Loop thread only.
class WorkerPool {
 public:
  /// `loop` outlives it.
  WorkerPool(Loop& loop, Cage cage, PoolSettings settings);
  /// close() must have returned when there was any call.
  ~WorkerPool() = default;
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Waits its turn, in order, then as Worker::call(); a call is never made twice. Further errors: busy when
  /// `queue` calls wait already (retryable), timeout and cancelled while waiting, unavailable after close().
  Task<Result<std::string>> call(std::string request, Stop& stop, Deadline deadline);

  /// Ends calls with `shutdown` and workers with SIGKILL; returns when none is left.
  Task<> close();

  struct Counts {
    std::size_t alive = 0;    ///< workers that are fit or at work
    std::size_t working = 0;  ///< of these, with a call
    std::size_t waiting = 0;  ///< calls
    std::size_t started = 0;  ///< workers, ever
  };
  Counts counts() const;

 private:
  /// A place for one worker.
  struct Slot {
    std::shared_ptr<Worker> worker;
    bool taken = false;
    std::uint64_t used = 0;  ///< when, counted in calls
    Loop::Alarm idle;
  };

  Task<Result<std::string>> take_turn(std::string request, Stop& ending, Deadline deadline);
  Task<Slot*> acquire(Stop& ending);
  Task<Result<std::string>> call_in(Slot& slot, std::string request, Stop& ending, Deadline deadline);
  Result<void> furnish(Slot& slot);
  Slot* free_slot();
  void release(Slot& slot);
  void retire(Slot& slot);
  void note_failure();

  Loop& loop_;
  const Cage cage_;
  const PoolSettings settings_;
  std::vector<Slot> slots_;
  std::list<OneShot<Slot*>*> waiting_;
  Instant not_before_{};  ///< no fresh worker
  int failures_ = 0;      ///< of fresh workers in a row
  std::uint64_t calls_ = 0;
  std::size_t started_ = 0;
  bool closed_ = false;
  Stop closing_;
  std::size_t active_ = 0;  ///< calls inside
  OneShot<bool> emptied_;   ///< set when closed and no call is inside
  Nursery nursery_;         ///< who ends workers
};

}  // namespace troupe::sandbox

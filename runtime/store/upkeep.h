#pragma once

#include "runtime/base/result.h"
#include "runtime/store/health.h"
#include "runtime/store/sqlite.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace troupe::store {

/// What a journal file needs now and then, on a thread and a connection of its own, made when they are first
/// needed: checkpoints, which wait for fsync and would otherwise stand before a commit, and the check after
/// an unclean stop.
class Upkeep {
 public:
  Upkeep(std::string file, Health& health) : file_(std::move(file)), health_(health) {}
  ~Upkeep() { close(); }
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

  /// Interrupts what runs, waits for its end and closes the connection. Requests after it are dropped.
  void close();

  /// Writes the WAL back as far as no reader needs it, soon. Any thread.
  void checkpoint_soon();
  /// True while a checkpoint or a check runs. Any thread.
  bool at_work() const { return at_work_.load(std::memory_order_acquire); }
  /// Runs SQLite's quick_check and calls `done` on the upkeep thread. Damage sets `health`. Once at a time.
  void quick_check(std::function<void(Result<>)> done);

 private:
  void start();  // with mutex_ held
  void work();
  Result<> open();  // with mutex_ held
  void checkpoint(Database& database);
  Result<> check(Database& database);

  const std::string file_;
  Health& health_;
  std::atomic<bool> at_work_{false};

  std::mutex mutex_;
  std::condition_variable wake_;
  bool closing_ = false;  // guarded by mutex_, like the rest
  bool checkpoint_due_ = false;
  std::function<void(Result<>)> check_due_;
  std::optional<Database> database_;  // upkeep thread; interrupted by the destructor under mutex_
  std::thread thread_;
};

}  // namespace troupe::store

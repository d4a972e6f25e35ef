#pragma once

#include "runtime/async/loop.h"
#include "runtime/store/batch_faults.h"
#include "runtime/store/entry.h"
#include "runtime/store/health.h"
#include "runtime/store/log_appender.h"
#include "runtime/store/sqlite.h"
#include "runtime/store/subscribers.h"
#include "runtime/store/upkeep.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace troupe::store {

/// The one thread that writes the journal. It takes everything that is queued, up to limits::kGroupCommit,
/// into one transaction, and then hands the whole batch back to the loop in one post: frames are published in
/// order, then the waiting coroutines go on. When the disk does not take a batch it tries the same batch
/// again until it does, so nothing is lost and nothing overtakes. An entry that breaks a rule of the schema
/// fails alone.
class Writer {
 public:
  /// `database` is open for writing and has the schema; `loop`, `health` and `upkeep` outlive the writer.
  Writer(Loop& loop, Database database, Sync sync, std::shared_ptr<Subscribers> subscribers, Health& health,
         Upkeep& upkeep);
  /// Commits what is queued and ends the thread; waits for both.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Queues an entry; the thread is told a turn of the loop later, of all that came until then: what runs
  /// that go on together write shares a transaction. Loop thread. After close() entries are refused: false,
  /// and the entry is gone.
  bool add(std::unique_ptr<Entry> entry);

  /// What the disk does not take fails from now on instead of waiting. Loop thread.
  void give_up();

  /// Takes no more entries, commits what is queued, marks the file as closed cleanly, and calls `closed` on
  /// the loop after the last batch was published. Loop thread, once.
  void close(std::function<void()> closed);

 private:
  enum class Outcome { done, wait, damaged };

  void hand_in();
  void work();
  bool take(Batch& batch);
  void commit(Batch& batch);
  Outcome attempt(Batch& batch, Error& error);
  Outcome together(Batch& batch, Error& error, bool& refused);
  Outcome one_by_one(Batch& batch, Error& error);
  Result<> begin(const Batch& batch);
  Result<> end();
  Outcome outcome_of(const Error& error) const;
  bool wait_for_disk(Milliseconds pause, const Error& error);
  static void fail_all(Batch& batch, const Error& error);
  void hand_back(Batch batch);
  void keep_wal_short();
  void leave_clean();

  // constant after construction
  Loop& loop_;
  const Sync sync_;
  const std::shared_ptr<Subscribers> subscribers_;
  Health& health_;
  Upkeep& upkeep_;

  // loop thread
  Batch arriving_;  // added, not handed in yet
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  // writer thread
  Database database_;
  LogAppender appender_;
  BatchFaults faults_;              // of what is being committed
  bool full_ = false;               // synchronous=FULL is on
  std::size_t wal_pages_ = 0;       // after the last commit
  std::size_t wal_pages_next_ = 0;  // when to try to truncate again
  std::function<void()> closed_;    // set under mutex_ before closing_

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Entry>> queue_;  // guarded by mutex_
  bool closing_ = false;                      // guarded by mutex_; set by the loop thread
  bool giving_up_ = false;                    // guarded by mutex_

  std::thread thread_;  // last: it uses everything above
};

}  // namespace troupe::store

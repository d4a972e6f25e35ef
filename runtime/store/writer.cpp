#include "runtime/store/writer.h"

#include "runtime/base/fault.h"
#include "runtime/base/limits.h"
#include "runtime/store/rows.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <iterator>
#include <pthread.h>

#include <fmt/format.h>
#include <sqlite3.h>

namespace troupe::store {

namespace {

constexpr char kBegin[] = "BEGIN IMMEDIATE";
constexpr char kCommit[] = "COMMIT";
constexpr char kSavepoint[] = "SAVEPOINT entry";
constexpr char kRelease[] = "RELEASE entry";
constexpr char kUndo[] = "ROLLBACK TO entry";

/// What the disk would have said.
std::optional<Error> pretended(const Database& database, Fault fault) {
  if (fault == Fault::none) return std::nullopt;
  return Error{ErrorCode::store,
               fmt::format("{}: {}", database.file(),
                           fault == Fault::enospc ? "database or disk is full" : "disk I/O error"),
               true,
               0,
               {}};
}

}  // namespace

Writer::Writer(Loop& loop, Database database, Sync sync, std::shared_ptr<Subscribers> subscribers,
               Health& health, Upkeep& upkeep)
    : loop_(loop),
      sync_(sync),
      subscribers_(std::move(subscribers)),
      health_(health),
      upkeep_(upkeep),
      database_(std::move(database)),
      appender_(database_) {
  sqlite3_wal_hook(
      database_.raw(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Writer*>(self)->wal_pages_ = static_cast<std::size_t>(pages);
        return SQLITE_OK;
      },
      this);
  thread_ = std::thread([this] { work(); });
  pthread_setname_np(thread_.native_handle(), "troupe-journal");
}

Writer::~Writer() {
  *alive_ = false;
  hand_in();
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool Writer::add(std::unique_ptr<Entry> entry) {
  if (closing_) return false;  // this thread alone sets it
  arriving_.push_back(std::move(entry));
  if (arriving_.size() > 1) return true;
  loop_.post([this, alive = alive_] {
    if (*alive) hand_in();
  });
  return true;
}

void Writer::hand_in() {
  if (arriving_.empty()) return;
  {
    std::lock_guard lock(mutex_);
    std::move(arriving_.begin(), arriving_.end(), std::back_inserter(queue_));
  }
  arriving_.clear();
  wake_.notify_one();
}

void Writer::give_up() {
  {
    std::lock_guard lock(mutex_);
    giving_up_ = true;
  }
  wake_.notify_one();
}

void Writer::close(std::function<void()> closed) {
  hand_in();
  {
    std::lock_guard lock(mutex_);
    closed_ = std::move(closed);
    closing_ = true;
  }
  wake_.notify_one();
}

void Writer::work() {
  Batch batch;
  while (take(batch)) {
    faults_.read(batch);
    commit(batch);
    hand_back(std::exchange(batch, {}));
    faults_.reach("journal.posted");
    keep_wal_short();
  }
  leave_clean();
  if (closed_) loop_.post([closed = std::move(closed_)] { closed(); });
}

bool Writer::take(Batch& batch) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
  const std::size_t count = std::min(queue_.size(), limits::kGroupCommit);
  batch.reserve(count);
  std::move(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count), std::back_inserter(batch));
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
  return !batch.empty();
}

void Writer::commit(Batch& batch) {
  Milliseconds pause = limits::kDiskRetryFirst;
  for (bool last_try = false;;) {
    Error error;
    const Outcome outcome = health_.damaged() ? Outcome::damaged : attempt(batch, error);
    if (outcome == Outcome::done) {
      if (health_.paused(nullptr)) log::warn("the journal can write again", {{"file", database_.file()}});
      health_.set_well();
      return;
    }
    if (outcome == Outcome::damaged) {
      if (!health_.damaged()) {
        log::error("the journal is damaged", {{"error", error.message}});
        health_.set_damaged("the journal is damaged: " + error.message);
      }
      health_.paused(&error.message);
      error.code = ErrorCode::store;
      return fail_all(batch, error);
    }
    if (last_try) {
      error.message =
          "not stored, because the journal was closed while it waited for the disk: " + error.message;
      return fail_all(batch, error);
    }
    last_try = !wait_for_disk(pause, error);
    pause = std::min<Milliseconds>(pause * 2, limits::kDiskRetryMax);
  }
}

/// False when the journal is being closed, or waits no more: there is time for one more attempt, not for
/// waiting.
bool Writer::wait_for_disk(Milliseconds pause, const Error& error) {
  if (!health_.paused(nullptr)) log::error("the journal waits for the disk", {{"error", error.message}});
  health_.set_waiting("the journal waits for the disk: " + error.message);
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, pause, [this] { return closing_ || giving_up_; });
}

Writer::Outcome Writer::attempt(Batch& batch, Error& error) {
  bool refused = false;
  const Outcome outcome = together(batch, error, refused);
  // The usual case costs no savepoints. When one entry cannot be written, each is given its own.
  return refused ? one_by_one(batch, error) : outcome;
}

Writer::Outcome Writer::together(Batch& batch, Error& error, bool& refused) {
  Result<> done = begin(batch);
  for (auto entry = batch.begin(); done && entry != batch.end(); ++entry) {
    done = appender_.write(**entry);
    if (!done) refused = outcome_of(done.error()) == Outcome::done;
  }
  if (done) done = end();
  if (done) return Outcome::done;
  error = std::move(done.error());
  const Outcome outcome = outcome_of(error);
  database_.rollback();
  appender_.forget();
  return outcome == Outcome::done ? Outcome::wait : outcome;
}

Writer::Outcome Writer::one_by_one(Batch& batch, Error& error) {
  Result<> done = begin(batch);
  for (auto entry = batch.begin(); done && entry != batch.end(); ++entry) {
    done = change(database_, kSavepoint);
    if (!done) break;
    Result<> written = appender_.write(**entry);
    if (!written && outcome_of(written.error()) != Outcome::done) {
      done = std::move(written);
      break;
    }
    if (!written) {
      (*entry)->frames.clear();
      (*entry)->outcome = fail(std::move(written.error()));
      appender_.forget();
      done = change(database_, kUndo);
    }
    if (done) done = change(database_, kRelease);
  }
  if (done) done = end();
  if (done) return Outcome::done;
  error = std::move(done.error());
  const Outcome outcome = outcome_of(error);
  database_.rollback();
  appender_.forget();
  return outcome == Outcome::done ? Outcome::wait : outcome;
}

Result<> Writer::begin(const Batch& batch) {
  const bool barrier =
      std::any_of(batch.begin(), batch.end(), [](const auto& e) { return e->append.barrier; });
  const bool full = sync_ == Sync::full || (sync_ == Sync::barriers && barrier);
  if (full != full_) {
    auto done = database_.execute(full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    if (!done) return done;
    full_ = full;
  }
  faults_.reach("journal.begin");
  return change(database_, kBegin);
}

Result<> Writer::end() {
  if (auto error = pretended(database_, faults_.reach("journal.commit"))) return fail(std::move(*error));
  if (auto done = change(database_, kCommit); !done) return done;
  faults_.reach("journal.committed");
  return {};
}

/// `done` stands for an error that concerns one entry alone.
Writer::Outcome Writer::outcome_of(const Error& error) const {
  if (error.code != ErrorCode::store) return Outcome::done;
  if (error.retryable) return Outcome::wait;  // a fault point said so, SQLite knows nothing of it
  switch (database_.trouble()) {
    case Trouble::wait:
      return Outcome::wait;
    case Trouble::damaged:
      return Outcome::damaged;
    case Trouble::refused:
      return Outcome::done;
  }
  return Outcome::wait;
}

void Writer::fail_all(Batch& batch, const Error& error) {
  for (auto& entry : batch) {
    entry->frames.clear();
    entry->outcome = fail(error);
  }
}

void Writer::hand_back(Batch batch) {
  for (auto& entry : batch) {
    // The events are not needed any more, so their names move over instead of being copied.
    for (std::size_t i = 0; i < entry->frames.size(); ++i) {
      entry->frames[i].session = std::move(entry->append.events[i].session);
      entry->frames[i].run = std::move(entry->append.events[i].run);
    }
    entry->append = {};  // JSON trees are taken down here rather than on the loop
  }
  loop_.post([batch = std::move(batch), subscribers = subscribers_]() mutable {
    for (auto& entry : batch) {
      for (const Frame& frame : entry->frames) subscribers->publish(frame);
    }
    for (auto& entry : batch) {
      if (entry->waiter) {
        entry->waiter->set(std::move(entry->outcome));
      } else if (!entry->outcome) {
        log::error("an append that nobody waited for was not stored",
                   {{"error", entry->outcome.error().message}});
      }
    }
  });
}

void Writer::keep_wal_short() {
  if (wal_pages_ < limits::kWalPages) return;
  upkeep_.checkpoint_soon();
  // A checkpoint beside a writer that never rests does not reach the end of the WAL; past the hard limit we
  // rest.
  if (wal_pages_ < std::max(limits::kWalPagesHard, wal_pages_next_) || upkeep_.at_work()) return;
  // Whoever reads is waited for, but not so long that runs notice.
  sqlite3_busy_timeout(database_.raw(), 100);
  const int code =
      sqlite3_wal_checkpoint_v2(database_.raw(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(database_.raw(), kBusyTimeoutMs);
  if (code == SQLITE_OK) wal_pages_ = 0;
  wal_pages_next_ = code == SQLITE_OK ? 0 : wal_pages_ + limits::kWalPages;
  if (code != SQLITE_OK && code != SQLITE_BUSY)
    log::warn("the WAL cannot be written back", {{"error", database_.failure("checkpoint").message}});
}

void Writer::leave_clean() {
  if (health_.paused(nullptr)) return;  // the next start shall look closely
  if (!database_.execute("UPDATE meta SET value = 1 WHERE key = 'clean'")) return;
  sqlite3_wal_checkpoint_v2(database_.raw(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
}

}  // namespace troupe::store

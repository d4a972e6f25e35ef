#include "runtime/store/upkeep.h"

#include "runtime/telemetry/log.h"

#include <pthread.h>

#include <fmt/format.h>
#include <sqlite3.h>

namespace troupe::store {

void Upkeep::close() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    if (database_) sqlite3_interrupt(database_->raw());
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  database_.reset();
}

void Upkeep::checkpoint_soon() {
  std::lock_guard lock(mutex_);
  if (checkpoint_due_ || closing_) return;
  checkpoint_due_ = true;
  start();
  wake_.notify_one();
}

void Upkeep::quick_check(std::function<void(Result<>)> done) {
  std::unique_lock lock(mutex_);
  if (closing_) {
    lock.unlock();
    return done(fail(ErrorCode::cancelled, "the journal was closed before it was checked"));
  }
  check_due_ = std::move(done);
  start();
  wake_.notify_one();
}

void Upkeep::start() {
  if (thread_.joinable()) return;
  thread_ = std::thread([this] { work(); });
  pthread_setname_np(thread_.native_handle(), "troupe-upkeep");
}

void Upkeep::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return closing_ || checkpoint_due_ || check_due_; });
    const bool checkpoint_now = std::exchange(checkpoint_due_, false);
    auto check_now = std::exchange(check_due_, nullptr);
    if (closing_) {
      lock.unlock();
      if (check_now) check_now(fail(ErrorCode::cancelled, "the journal was closed before it was checked"));
      return;
    }
    at_work_.store(true, std::memory_order_release);
    // A process may have no descriptor left for a while, so this is tried again each time.
    const Result<> opened = database_ ? Result<>() : open();
    lock.unlock();

    if (database_ && checkpoint_now) checkpoint(*database_);
    if (check_now) check_now(database_ ? check(*database_) : opened);

    lock.lock();
    at_work_.store(false, std::memory_order_release);
  }
}

Result<> Upkeep::open() {
  auto opened = Database::open(file_, Database::Mode::write);
  if (!opened) return fail(std::move(opened.error()));
  database_ = std::move(*opened);
  return {};
}

void Upkeep::checkpoint(Database& database) {
  const int code =
      sqlite3_wal_checkpoint_v2(database.raw(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY || code == SQLITE_INTERRUPT) return;
  log::warn("the WAL cannot be written back", {{"error", database.failure("checkpoint").message}});
}

Result<> Upkeep::check(Database& database) {
  auto found = database.text("PRAGMA quick_check(1)");
  if (!found) {
    if (database.trouble() != Trouble::damaged) return fail(std::move(found.error()));
  } else if (found->value_or("") == "ok") {
    return {};
  }
  const std::string what = found ? found->value_or("no answer") : found.error().message;
  Error error{
      ErrorCode::store,
      fmt::format("{}: the journal is damaged ({}); restore a backup, or move the file away to begin anew",
                  file_, what),
      false,
      0,
      {}};
  health_.set_damaged(error.message);
  return fail(std::move(error));
}

}  // namespace troupe::store

#include "runtime/store/database_copy.h"

#include "runtime/base/fault.h"
#include "runtime/store/directory.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>
#include <sqlite3.h>

namespace troupe::store {

namespace {

constexpr auto kBusyPause = std::chrono::milliseconds(20);
constexpr int kBusyTries = 500;  // ten seconds

/// Takes the copy away unless it is kept.
class Unfinished {
 public:
  explicit Unfinished(std::string file) : file_(std::move(file)) {}
  ~Unfinished() {
    if (file_.empty()) return;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) ::unlink((file_ + suffix).c_str());
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  void keep() { file_.clear(); }

 private:
  std::string file_;
};

struct FinishBackup {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

Result<> step_through(Database& from, Database& to, const CopyProgress& progress) {
  std::unique_ptr<sqlite3_backup, FinishBackup> backup(
      sqlite3_backup_init(to.raw(), "main", from.raw(), "main"));
  if (!backup) return fail(to.failure("cannot begin the copy"));
  for (int busy = 0; busy < kBusyTries;) {
    if (fault_point("copy.step") == Fault::enospc)
      return fail(ErrorCode::store, to.file() + ": database or disk is full");
    const int code = sqlite3_backup_step(backup.get(), kCopyPages);
    const std::int64_t total = sqlite3_backup_pagecount(backup.get());
    if (code == SQLITE_DONE) {
      progress(total, total);
      return {};
    }
    if (code == SQLITE_OK) {
      progress(total - sqlite3_backup_remaining(backup.get()), total);
      continue;
    }
    if (code != SQLITE_BUSY && code != SQLITE_LOCKED) {
      backup.reset();
      return fail(trouble_of(code) == Trouble::damaged ? from.failure("copying it") : to.failure("copying"));
    }
    ++busy;
    std::this_thread::sleep_for(kBusyPause);
  }
  return fail(ErrorCode::store, fmt::format("{}: it was locked for too long to be copied", from.file()));
}

/// Reads it to its end. What a read leaves in the cache of the system is what the disk has later: fsync comes
/// after.
Result<> check_whole(Database& copy) {
  auto found = copy.text("PRAGMA quick_check(1)");
  if (!found) return fail(std::move(found.error()));
  if (found->value_or("") == "ok") return {};
  return fail(ErrorCode::store, fmt::format("{}: the copy is damaged ({}), and so is what it was made of",
                                            copy.file(), found->value_or("no answer")));
}

}  // namespace

Result<> sync_to_disk(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (done) return {};
  return fail(ErrorCode::store,
              fmt::format("{}: cannot be flushed to the disk: {}", path, std::strerror(error)));
}

Result<> copy_database(Database& from, const std::string& to, const CopyProgress& progress) {
  if (::access(to.c_str(), F_OK) == 0) return fail(ErrorCode::conflict, to + ": it is there already");
  if (auto ready = prepare_file(to); !ready) return ready;
  Unfinished unfinished(to);
  {
    auto copy = Database::open(to, Database::Mode::write);
    if (!copy) return fail(std::move(copy.error()));
    // Without it each step after a commit of somebody else would begin anew, and beside a busy writer none
    // would be the last.
    auto snapshot = from.execute("BEGIN; SELECT 1 FROM sqlite_schema");
    if (snapshot) snapshot = step_through(from, *copy, progress);
    from.rollback();
    if (!snapshot) return snapshot;
    if (auto whole = check_whole(*copy); !whole) return whole;
  }
  if (auto synced = sync_to_disk(to); !synced) return synced;
  unfinished.keep();
  return {};
}

}  // namespace troupe::store

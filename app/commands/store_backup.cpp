#include "app/commands/command.h"
#include "app/commands/store.h"
#include "app/progress_bar.h"
#include "runtime/base/clock.h"
#include "runtime/store/backup.h"
#include "runtime/store/restore.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <unistd.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace troupe::app {

namespace {

constexpr double kMebi = 1024.0 * 1024.0;
constexpr std::int64_t kPage = 4096;  // of every file of a store

/// A bar of what is copied.
store::CopyProgress shown_by(ProgressBar& bar) {
  return [&bar](std::int64_t done, std::int64_t total) {
    bar.show(done == total, [&](std::size_t) {
      return fmt::format("{} copying, {:.0f} of {:.0f} MiB",
                         bar_text(static_cast<std::size_t>(done), static_cast<std::size_t>(total)),
                         static_cast<double>(done * kPage) / kMebi,
                         static_cast<double>(total * kPage) / kMebi);
    });
  };
}

std::string stamp(const Clock& clock) {
  return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(static_cast<std::time_t>(clock.wall_ms() / 1000)));
}

}  // namespace

int store_backup(const StoreOptions& options) {
  const auto folder = store_folder(options);
  if (!folder) return kUsage;
  SystemClock clock;
  const Instant began = clock.now();
  ProgressBar bar(clock);
  auto made = store::back_up(*folder, options.backup, {.force = options.force}, shown_by(bar));
  bar.clear();
  if (!made) return tell_store(made.error());
  fmt::print("{}: {} in {:.1f} MiB, copied in {:.1f} s\n", options.backup, fmt::join(made->files, ", "),
             static_cast<double>(made->bytes) / kMebi,
             std::chrono::duration<double>(clock.now() - began).count());
  return kDone;
}

int store_restore(const StoreOptions& options) {
  const auto folder = store_folder(options);
  if (!folder) return kUsage;
  auto lock = store::StoreLock::acquire(*folder);
  if (!lock) {
    complain(lock.error().message);
    return kStore;
  }
  if (::access(fmt::format("{}/{}", *folder, store::kJournalFile).c_str(), F_OK) == 0 && !options.force) {
    complain(
        fmt::format("{}: there is a store already; with --force it is set aside, and the backup takes its "
                    "place",
                    *folder));
    return kFailed;
  }
  SystemClock clock;
  ProgressBar bar(clock);
  auto done = store::restore(*lock, options.backup, *folder, stamp(clock), shown_by(bar));
  bar.clear();
  if (!done) return tell_store(done.error());
  fmt::print("{}: {} from {}\n", *folder, fmt::join(done->files, ", "), options.backup);
  for (const std::string& file : done->set_aside) fmt::print("set aside: {}\n", file);
  return kDone;
}

}  // namespace troupe::app

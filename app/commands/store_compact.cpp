#include "agents/compaction/offline.h"
#include "app/commands/command.h"
#include "app/commands/store.h"
#include "app/progress_bar.h"
#include "runtime/base/clock.h"
#include "runtime/config/scalar.h"
#include "runtime/store/compaction.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace troupe::app {

namespace {

constexpr double kMebi = 1024.0 * 1024.0;

/// What only the engine needs of old runs goes first, so that its space is given back, too.
Result<> compact_old_runs(const store::StoreLock& lock, const std::string& folder, Milliseconds age,
                          ProgressBar& bar) {
  const std::int64_t now = SystemClock().wall_ms();
  const std::int64_t before = now - age.count();
  auto done = agents::compact_runs(
      lock, folder, before, now, [&bar](std::int64_t runs, std::int64_t looked, std::int64_t total) {
        bar.show(false, [&](std::size_t) {
          return fmt::format(
              "{} compacting, {} runs",
              bar_text(static_cast<std::size_t>(looked), static_cast<std::size_t>(std::max(looked, total))),
              runs);
        });
      });
  bar.clear();
  if (!done) return fail(std::move(done.error()));
  fmt::print("{}: {} runs that ended before {} were compacted: {} facts, {:.1f} MiB\n", folder, done->runs,
             rfc3339(before).substr(0, 10), done->facts, static_cast<double>(done->bytes) / kMebi);
  return {};
}

}  // namespace

int store_compact(const StoreOptions& options) {
  const auto folder = store_folder(options);
  if (!folder) return kUsage;
  auto lock = store::StoreLock::acquire(*folder);
  if (!lock) return tell_store(lock.error());
  SystemClock clock;
  ProgressBar bar(clock);
  if (!options.older_than.empty()) {
    const auto age = config::parse_duration({.text = options.older_than});
    if (!age) {
      complain(fmt::format("--older-than: {}", age.error()));
      return kUsage;
    }
    if (auto done = compact_old_runs(*lock, *folder, *age, bar); !done) return tell_store(done.error());
  }
  auto done = store::compact(*lock, *folder, [&bar](std::int64_t read, std::int64_t total) {
    bar.show(false, [&](std::size_t) {
      return fmt::format("{} reading the log, {}",
                         bar_text(static_cast<std::size_t>(read), static_cast<std::size_t>(total)), read);
    });
  });
  bar.clear();
  if (!done) return tell_store(done.error());
  fmt::print("{}: {:.1f} MiB, before {:.1f} MiB; {} texts that nothing referred to were deleted\n", *folder,
             static_cast<double>(done->after) / kMebi, static_cast<double>(done->before) / kMebi,
             done->texts);
  return kDone;
}

}  // namespace troupe::app

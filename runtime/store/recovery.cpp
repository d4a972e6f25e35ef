#include "runtime/store/recovery.h"

#include "runtime/store/directory.h"
#include "runtime/store/wal_check.h"
#include "runtime/telemetry/log.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

namespace troupe::store {

namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// The kernel's name for the time since the machine was started; "" where it has none.
std::string this_boot() {
  return first_line("/proc/sys/kernel/random/boot_id");
}

Result<> set_aside(const std::string& wal, const std::string& damage) {
  const std::string copy = wal + ".damaged";
  std::error_code error;
  std::filesystem::copy_file(wal, copy, std::filesystem::copy_options::overwrite_existing, error);
  if (error)
    return fail(ErrorCode::store, fmt::format("{}. It cannot be set aside: {}", damage, error.message()));
  log::error("the machine stopped while the journal was written; what came after is lost",
             {{"damage", damage}, {"copy", copy}});
  return {};
}

}  // namespace

Result<> examine_wal(const std::string& directory) {
  const std::string wal = directory + "/journal.db-wal";
  const std::string note = directory + "/boot";
  const std::string boot = this_boot();
  const bool same_boot = !boot.empty() && boot == first_line(note);

  auto report = check_wal(wal);
  if (!report) return fail(std::move(report.error()));
  if (report->damaged()) {
    const std::string damage =
        report->header_broken
            ? fmt::format(
                  "{}: the beginning of the write-ahead log is damaged, so that none of it can be read", wal)
            : fmt::format(
                  "{}: the write-ahead log is damaged at byte {}; {} committed transactions behind it cannot "
                  "be "
                  "read",
                  wal, report->bytes, report->lost);
    if (same_boot)
      return fail(ErrorCode::store,
                  fmt::format("{}. Restore a backup; or, to go on without them, run: truncate -s {} '{}'",
                              damage, report->header_broken ? 0 : report->bytes, wal));
    if (auto kept = set_aside(wal, damage); !kept) return kept;
  }

  if (same_boot) return {};
  if (auto ready = prepare_file(note); !ready) return ready;
  if (!(std::ofstream(note) << boot << '\n').flush())
    return fail(ErrorCode::store, note + ": cannot be written; is the disk full or read-only?");
  return {};
}

}  // namespace troupe::store

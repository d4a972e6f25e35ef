#include "runtime/store/backup.h"

#include "runtime/base/fault.h"
#include "runtime/store/open_for_reading.h"
#include "runtime/store/schema.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::store {

namespace {

namespace fs = std::filesystem;

std::unexpected<Error> failed(const std::string& path, std::string_view what, int error) {
  return fail(ErrorCode::store, fmt::format("{}: {}: {}", path, what, std::strerror(error)));
}

bool is_of_a_backup(const std::string& name) {
  for (const char* file : {kJournalFile, kKnowledgeFile})
    if (name == file || name == std::string(file) + "-wal" || name == std::string(file) + "-shm" ||
        name == std::string(file) + "-journal")
      return true;
  return false;
}

/// Whether a folder has nothing but a backup in it. Errors: conflict (anything else: a store in use has a
/// lock, say).
Result<> check_backup(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (!is_of_a_backup(entry.path().filename()))
      return fail(ErrorCode::conflict,
                  fmt::format("{}: there is `{}` in it, which no backup has; name another folder", folder,
                              entry.path().filename().string()));
  if (error) return failed(folder, "cannot be read", error.value());
  return {};
}

/// Takes a folder away that has nothing but a backup in it. Errors: conflict.
Result<> remove_backup(const std::string& folder) {
  if (auto own = check_backup(folder); !own) return own;
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) return failed(folder, "cannot be taken away", error.value());
  return {};
}

/// The folder that a backup grows in, held against others.
class Partial {
 public:
  static Result<Partial> make(std::string folder) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failed(folder, "cannot be made", errno);
    Partial partial(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (partial.fd_ < 0) return failed(folder, "cannot be opened", errno);
    if (::flock(partial.fd_, LOCK_EX | LOCK_NB) != 0)
      return fail(ErrorCode::busy, folder + ": another backup to this place is under way");
    if (auto ours = check_backup(folder); !ours) return fail(std::move(ours.error()));
    std::error_code error;
    for (const auto& left : fs::directory_iterator(folder, error))
      if (is_of_a_backup(left.path().filename())) fs::remove(left.path(), error);
    return partial;
  }
  Partial(Partial&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Partial& operator=(Partial&&) = delete;
  ~Partial() {
    if (fd_ >= 0) ::close(fd_);
  }

 private:
  explicit Partial(int fd) : fd_(fd) {}
  int fd_;
};

Result<std::int64_t> copy_file(const std::string& from, const std::string& to, bool journal,
                               const CopyProgress& progress) {
  auto database = open_file_for_reading(from);
  if (!database) return fail(std::move(database.error()));
  if (journal)
    if (auto ours = check_journal(*database); !ours) return fail(std::move(ours.error()));
  if (auto copied = copy_database(*database, to, progress); !copied) return fail(std::move(copied.error()));
  std::error_code error;
  const auto bytes = fs::file_size(to, error);
  return error ? 0 : static_cast<std::int64_t>(bytes);
}

/// Gives the new folder the name, and takes away what had it.
Result<> give_name(const std::string& partial, const std::string& target, bool replaces) {
  if (fault_point("backup.named") != Fault::none) return failed(target, "cannot be named", EIO);
  // An exchange, so that there is a whole backup of that name at every moment.
  int done = ::renameat2(AT_FDCWD, partial.c_str(), AT_FDCWD, target.c_str(),
                         replaces ? RENAME_EXCHANGE : RENAME_NOREPLACE);
  if (done != 0 && errno == EINVAL && !replaces)  // a file system that knows only the plain one
    done = ::rename(partial.c_str(), target.c_str());
  if (done != 0) return failed(target, "the backup cannot be given its name", errno);
  fs::path parent = fs::absolute(target).parent_path();
  if (auto synced = sync_to_disk(parent.string()); !synced) return synced;
  return replaces ? remove_backup(partial) : Result<>();
}

}  // namespace

Result<BackupSummary> back_up(const std::string& directory, const std::string& wanted, BackupOptions options,
                              const CopyProgress& progress) {
  const std::string target =
      wanted.size() > 1 && wanted.ends_with('/') ? wanted.substr(0, wanted.size() - 1) : wanted;
  const std::string journal = fmt::format("{}/{}", directory, kJournalFile);
  if (::access(journal.c_str(), F_OK) != 0)
    return fail(ErrorCode::not_found, fmt::format("there is no store in {}; nothing was copied", directory));
  const bool replaces = ::access(target.c_str(), F_OK) == 0;
  if (replaces && !options.force)
    return fail(ErrorCode::conflict,
                target + ": it is there already; name a new folder, or replace it with --force");
  if (replaces && ::access(fmt::format("{}/{}", target, kJournalFile).c_str(), F_OK) != 0)
    return fail(ErrorCode::conflict, target + ": it is not a backup, and is not replaced by one");

  std::error_code same;
  if (replaces && fs::equivalent(target, directory, same))
    return fail(ErrorCode::conflict, target + ": it is the store itself; name another folder");
  if (replaces)
    if (auto only = check_backup(target); !only) return fail(std::move(only.error()));

  const std::string folder = target + ".partial";
  auto partial = Partial::make(folder);
  if (!partial) return fail(std::move(partial.error()));
  BackupSummary summary;
  for (const char* name : {kJournalFile, kKnowledgeFile}) {
    const std::string from = fmt::format("{}/{}", directory, name);
    if (::access(from.c_str(), F_OK) != 0) continue;
    auto bytes = copy_file(from, fmt::format("{}/{}", folder, name), name == kJournalFile, progress);
    if (!bytes) {
      (void)remove_backup(folder);
      return fail(std::move(bytes.error()));
    }
    summary.files.emplace_back(name);
    summary.bytes += *bytes;
  }
  if (auto synced = sync_to_disk(folder); !synced) return fail(std::move(synced.error()));
  if (auto named = give_name(folder, target, replaces); !named) {
    (void)remove_backup(folder);
    return fail(std::move(named.error()));
  }
  return summary;
}

}  // namespace troupe::store

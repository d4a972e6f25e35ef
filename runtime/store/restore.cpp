#include "runtime/store/restore.h"

#include "runtime/base/fault.h"
#include "runtime/store/backup.h"
#include "runtime/store/directory.h"
#include "runtime/store/open_for_reading.h"
#include "runtime/store/schema.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::store {

namespace {

constexpr const char* kNew = ".restore";  // a copy that waits to take its place
constexpr const char* kFiles[] = {kJournalFile, kKnowledgeFile};

std::string note_of(const std::string& directory) {
  return directory + "/restore";
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

Result<> move(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return fail(ErrorCode::store,
              fmt::format("{}: cannot be renamed to {}: {}", from, to, std::strerror(errno)));
}

/// What a file is called once it is out of the way. Its WAL follows it, so that it can still be opened.
std::string aside(const std::string& file, const std::string& stamp) {
  return fmt::format("{}.before-{}", file, stamp);
}

/// Each step leaves something that the next attempt sees, so that they can be begun again anywhere.
Result<> replace(const std::string& file, const std::string& stamp) {
  if (!exists(file + kNew)) return {};
  const std::string old = aside(file, stamp);
  if (exists(file))
    if (auto done = move(file, old); !done) return done;
  fault_point("restore.aside");
  const std::string wal = file + "-wal";
  if (struct stat status{}; ::stat(wal.c_str(), &status) == 0 && status.st_size == 0)
    ::unlink(wal.c_str());  // of a reader
  if (exists(wal))
    if (auto done = move(wal, old + "-wal"); !done) return done;
  ::unlink((file + "-shm").c_str());  // SQLite makes it anew
  fault_point("restore.placing");
  return move(file + kNew, file);
}

Result<std::string> copied(const std::string& from, const std::string& to, bool journal,
                           const CopyProgress& progress) {
  auto database = open_file_for_reading(from);
  if (!database) return fail(std::move(database.error()));
  if (journal)
    if (auto ours = check_journal(*database); !ours) return fail(std::move(ours.error()));
  ::unlink(to.c_str());  // of a restore that did not come to its note
  if (auto done = copy_database(*database, to, progress); !done) return fail(std::move(done.error()));
  return to;
}

Result<> write_note(const std::string& directory, const std::string& stamp) {
  const std::string note = note_of(directory);
  const std::string written = note + ".new";
  if (auto ready = prepare_file(written); !ready) return ready;
  if (!(std::ofstream(written, std::ios::trunc) << stamp << '\n').flush())
    return fail(ErrorCode::store, written + ": cannot be written; is the disk full?");
  if (auto synced = sync_to_disk(written); !synced) return synced;
  if (auto moved = move(written, note); !moved) return moved;
  return sync_to_disk(directory);
}

/// The time, and where something has been set aside under it already, which one of that second it is.
std::string free_stamp(const std::string& directory, const std::string& stamp) {
  std::string free = stamp;
  const auto taken = [&](const char* name) {
    return exists(aside(fmt::format("{}/{}", directory, name), free));
  };
  for (int again = 2; taken(kJournalFile) || taken(kKnowledgeFile); ++again)
    free = fmt::format("{}-{}", stamp, again);
  return free;
}

}  // namespace

bool restore_pending(const std::string& directory) {
  return exists(note_of(directory));
}

Result<> finish_restore(const std::string& directory) {
  const std::string note = note_of(directory);
  if (!exists(note)) return {};
  std::string stamp;
  std::ifstream(note) >> stamp;
  for (const char* name : kFiles)
    if (auto done = replace(fmt::format("{}/{}", directory, name), stamp); !done)
      return within("finishing a restore", std::move(done.error()));
  if (auto synced = sync_to_disk(directory); !synced) return synced;
  fault_point("restore.placed");
  if (::unlink(note.c_str()) != 0)
    return fail(ErrorCode::store, fmt::format("{}: cannot be removed: {}", note, std::strerror(errno)));
  return sync_to_disk(directory);
}

Result<RestoreSummary> restore(const StoreLock&, const std::string& from, const std::string& directory,
                               const std::string& wanted, const CopyProgress& progress) {
  if (auto done = finish_restore(directory); !done) return fail(std::move(done.error()));
  if (!exists(fmt::format("{}/{}", from, kJournalFile)))
    return fail(ErrorCode::not_found,
                fmt::format("there is no {} in {}; a backup has one", kJournalFile, from));
  for (const char* name : kFiles) {
    // One that is left of an earlier attempt would take the place of what this backup does not have.
    const std::string left = fmt::format("{}/{}{}", directory, name, kNew);
    if (exists(left) && ::unlink(left.c_str()) != 0)
      return fail(ErrorCode::store, fmt::format("{}: cannot be removed: {}", left, std::strerror(errno)));
  }
  const std::string stamp = free_stamp(directory, wanted);
  RestoreSummary summary;
  for (const char* name : kFiles) {
    const std::string source = fmt::format("{}/{}", from, name);
    if (!exists(source)) continue;
    const std::string file = fmt::format("{}/{}", directory, name);
    auto made = copied(source, file + kNew, name == kJournalFile, progress);
    if (!made) {
      for (const char* one : kFiles) ::unlink(fmt::format("{}/{}{}", directory, one, kNew).c_str());
      return within("the store was left as it is", std::move(made.error()));
    }
    summary.files.emplace_back(name);
    if (exists(file)) summary.set_aside.push_back(aside(file, stamp));
  }
  fault_point("restore.copied");
  if (auto noted = write_note(directory, stamp); !noted) return fail(std::move(noted.error()));
  fault_point("restore.noted");
  if (auto done = finish_restore(directory); !done) return fail(std::move(done.error()));
  return summary;
}

}  // namespace troupe::store

#include "runtime/store/open_for_reading.h"

#include "runtime/store/restore.h"
#include "runtime/store/schema.h"

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::store {

namespace {

/// True when another process may be changing the file, or left changes in a WAL behind.
bool has_wal(const std::string& file) {
  struct stat status{};
  return ::stat((file + "-wal").c_str(), &status) == 0 && status.st_size > 0;
}

}  // namespace

Result<Database> open_for_reading(const std::string& directory) {
  const std::string file = directory + "/journal.db";
  if (restore_pending(directory))
    return fail(ErrorCode::store,
                fmt::format("{}: a restore was interrupted; `troupe serve`, or the restore begun again, "
                            "finishes it",
                            directory));
  if (::access(file.c_str(), F_OK) != 0)
    return errno == ENOENT || errno == ENOTDIR
               ? fail(ErrorCode::not_found,
                      fmt::format("there is no store in {}; `troupe serve` or `troupe ask` makes "
                                  "one there, or name another with -c",
                                  directory))
               : fail(ErrorCode::store, fmt::format("{}: cannot be read: {}", file, std::strerror(errno)));
  auto database = open_file_for_reading(file);
  if (!database) return within("the store cannot be read", std::move(database.error()));
  if (auto fits = check_schema(*database); !fits)
    return within("the store cannot be read", std::move(fits.error()));
  return database;
}

Result<Database> open_file_for_reading(const std::string& file) {
  auto database = Database::open(file, Database::Mode::read);
  if (!database) return database;
  auto read = database->mark();
  if (read) return database;
  // Reading beside a writer needs the shared memory file next to the journal. Where it does not exist and
  // cannot be made (a copy on a read-only disk, somebody else's backup), the file alone is read, provided
  // that it is all there is.
  const std::string folder = file.substr(0, file.rfind('/') + 1);
  if (::access(folder.empty() ? "." : folder.c_str(), W_OK) == 0 || has_wal(file))
    return fail(std::move(read.error()));
  database = Database::open(file, Database::Mode::immutable);
  if (!database) return database;
  if (read = database->mark(); !read) return fail(std::move(read.error()));
  return database;
}

}  // namespace troupe::store

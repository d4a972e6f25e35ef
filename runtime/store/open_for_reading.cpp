#include "runtime/store/open_for_reading.h"

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
  if (::access(file.c_str(), F_OK) != 0)
    return errno == ENOENT || errno == ENOTDIR
               ? fail(ErrorCode::not_found,
                      fmt::format("there is no store in {}; `troupe serve` or `troupe ask` makes "
                                  "one there, or name another with -c",
                                  directory))
               : fail(ErrorCode::store, fmt::format("{}: cannot be read: {}", file, std::strerror(errno)));
  auto database = Database::open(file, Database::Mode::read);
  if (!database) return fail(std::move(database.error()));
  auto fits = check_schema(*database);

  // Reading beside a writer needs the shared memory file next to the journal. Where it does not exist and
  // cannot be made (a copy on a read-only disk, somebody else's backup), the file alone is read, provided
  // that it is all there is.
  if (!fits && ::access(directory.c_str(), W_OK) != 0 && !has_wal(file)) {
    database = Database::open(file, Database::Mode::immutable);
    if (!database) return fail(std::move(database.error()));
    fits = check_schema(*database);
  }
  if (!fits) return within("the store cannot be read", std::move(fits.error()));
  return database;
}

}  // namespace troupe::store

#include "runtime/store/offline_store.h"

#include "runtime/store/recovery.h"
#include "runtime/store/restore.h"
#include "runtime/store/schema.h"

#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace troupe::store {

Result<Database> open_offline(const StoreLock&, const std::string& directory) {
  if (auto done = finish_restore(directory); !done) return fail(std::move(done.error()));
  const std::string file = directory + "/journal.db";
  if (::access(file.c_str(), F_OK) != 0)
    return fail(ErrorCode::not_found, fmt::format("there is no store in {}", directory));
  if (auto whole = examine_wal(directory); !whole) return fail(std::move(whole.error()));
  auto database = Database::open(file, Database::Mode::write);
  if (!database) return fail(std::move(database.error()));
  if (auto fits = check_schema(*database); !fits) return fail(std::move(fits.error()));
  return database;
}

}  // namespace troupe::store

#include "runtime/store/offline_writer.h"

#include "runtime/store/log_appender.h"
#include "runtime/store/offline_store.h"

#include <utility>

namespace troupe::store {

Result<OfflineWriter> OfflineWriter::open(const StoreLock& lock, const std::string& directory) {
  auto database = open_offline(lock, directory);
  if (!database) return fail(std::move(database.error()));
  // As the daemon does: what is dropped is not left behind in free pages. A power cut may take the last
  // transactions, which is no harm in a store that is being kept, and spares an fsync for each of them.
  if (auto set = database->execute("PRAGMA secure_delete = ON; PRAGMA synchronous = NORMAL"); !set)
    return fail(std::move(set.error()));
  return OfflineWriter(std::move(*database));
}

Result<> OfflineWriter::commit(Append append, std::int64_t wall_ms) {
  LogAppender appender(database_);
  Entry entry{.append = std::move(append), .blob = std::nullopt, .wall_ms = wall_ms};
  if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return begun;
  auto done = appender.write(entry);
  if (done) done = database_.execute("COMMIT");
  if (!done) database_.rollback();
  return done;
}

}  // namespace troupe::store

#include "memory/knowledge/store/schema.h"

#include "runtime/store/directory.h"

#include <chrono>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::int64_t kApplication = 0x54726b6e;  // "Trkn"
constexpr std::int64_t kVersion = 1;
constexpr const char* kTables =
    "PRAGMA application_id=1416784750; PRAGMA user_version=1;"
    "CREATE TABLE bases (id INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, name TEXT NOT NULL,"
    " embedding TEXT NOT NULL, dimensions INTEGER NOT NULL, generation INTEGER NOT NULL,"
    " UNIQUE (tenant, name));"
    "CREATE TABLE documents (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " base INTEGER NOT NULL REFERENCES bases ON DELETE CASCADE, source TEXT NOT NULL, origin TEXT NOT NULL,"
    " content TEXT NOT NULL, preparation TEXT NOT NULL, stamp TEXT NOT NULL, title TEXT NOT NULL,"
    " format TEXT NOT NULL, layout TEXT NOT NULL, metadata TEXT NOT NULL, remarks TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL, text_bytes INTEGER NOT NULL, chunks INTEGER NOT NULL, text TEXT NOT NULL,"
    " UNIQUE (base, source));"
    "CREATE INDEX documents_by_base ON documents (base, id, chunks);"
    "CREATE TABLE chunks (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " base INTEGER NOT NULL REFERENCES bases ON DELETE CASCADE,"
    " document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE, ordinal INTEGER NOT NULL,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL, page INTEGER NOT NULL, heading TEXT NOT NULL,"
    " text TEXT NOT NULL, vector BLOB NOT NULL, UNIQUE (document, ordinal));"
    "CREATE INDEX chunks_by_base ON chunks (base, id);";
static_assert(kApplication == 1416784750 && kVersion == 1);

// Whether the file holds knowledge of this version; false: it is blank.
Result<bool> is_ours(store::Database& database) {
  auto mark = database.mark();
  if (!mark) return fail(std::move(mark.error()));
  if (mark->blank()) return false;
  if (mark->application != kApplication)
    return fail(ErrorCode::conflict, database.file() +
                                         " is a database, but not one of knowledge; "
                                         "move it away, or use another `store.path`");
  if (mark->version != kVersion)
    return fail(ErrorCode::conflict,
                fmt::format("{} is of version {}, this program reads version {}; use the program that wrote "
                            "it, or move the file away and let the sources be taken in again",
                            database.file(), mark->version, kVersion));
  return true;
}

// Another process may be at it, too: who comes second finds the tables of the first.
Result<> make_tables(store::Database& database) {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return begun;
  auto ours = is_ours(database);
  Result<> made = ours ? Result<>() : fail(std::move(ours.error()));
  if (made && !*ours) made = database.execute(kTables);
  if (made) made = database.execute("COMMIT");
  if (!made) database.rollback();
  return made;
}

// SQLite does not wait for others when the mode of a new file is changed: SQLITE_BUSY comes at once.
Result<> use_wal(store::Database& database) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(store::kBusyTimeoutMs);
  for (;;) {
    auto done = database.execute("PRAGMA journal_mode=WAL");
    if (done || database.trouble() != store::Trouble::wait || std::chrono::steady_clock::now() > until)
      return done;
    ::usleep(1000);
  }
}

Result<> prepare(store::Database& database) {
  auto ours = is_ours(database);
  if (!ours) return fail(std::move(ours.error()));
  // Before anything is in the file: it decides how its pages are kept.
  if (!*ours)
    if (auto set = database.execute("PRAGMA auto_vacuum=INCREMENTAL"); !set) return set;
  if (auto wal = use_wal(database); !wal) return wal;
  auto set = database.execute(
      "PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
      "PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-8192");
  if (!set || *ours) return set;
  return make_tables(database);
}

}  // namespace

std::string terms_table(std::int64_t base) {
  return fmt::format("terms_{}", base);
}

Result<store::Database> open_knowledge(const std::string& file) {
  if (auto prepared = store::prepare_file(file); !prepared) return fail(std::move(prepared.error()));
  auto database = store::Database::open(file, store::Database::Mode::create);
  if (!database) return database;
  if (auto prepared = prepare(*database); !prepared) return within("knowledge", prepared.error());
  return database;
}

}  // namespace troupe::memory

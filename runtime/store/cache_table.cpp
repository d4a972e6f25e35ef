#include "runtime/store/cache_table.h"

#include "runtime/store/directory.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::store {

namespace {

constexpr std::int64_t kApplication = 0x54726363;  // "Trcc"
constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kTouchMs = 60'000;    // a use that follows another so soon is not written down
constexpr std::int64_t kRemovedAtOnce = 64;  // rows of one transaction of tidying
constexpr std::size_t kRowBytes = 128;       // what a row takes beside its text: key, numbers, indexes
constexpr std::size_t kTidyShare = 16;       // tidying goes on until a sixteenth of the room is free
constexpr const char* kTables =
    "PRAGMA application_id=1416782691; PRAGMA user_version=1;"
    "CREATE TABLE texts (key TEXT NOT NULL UNIQUE, text TEXT NOT NULL, bytes INTEGER NOT NULL,"
    " put_ms INTEGER NOT NULL, ends_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL);"
    "CREATE INDEX texts_by_use ON texts (used_ms, bytes);"
    "CREATE INDEX texts_by_end ON texts (ends_ms);";
static_assert(kApplication == 1416782691 && kVersion == 1);

}  // namespace

bool file_is_at_fault(const Error& error) {
  return error.code == ErrorCode::conflict || error.code == ErrorCode::protocol;
}

Result<CacheTable> CacheTable::open(const std::string& file) {
  if (auto prepared = prepare_file(file); !prepared) return fail(std::move(prepared.error()));
  auto database = Database::open(file, Database::Mode::create);
  if (!database) return fail(std::move(database.error()));
  CacheTable table(std::move(*database));
  if (auto prepared = table.prepare(); !prepared) {
    Error error = std::move(prepared.error());
    if (error.code == ErrorCode::store && table.damaged()) error.code = ErrorCode::protocol;
    return fail(std::move(error));
  }
  return table;
}

Result<> CacheTable::prepare() {
  auto mark = database_.mark();
  if (!mark) return fail(std::move(mark.error()));
  const bool ours = mark->application == kApplication && mark->version == kVersion;
  const bool empty = mark->blank();
  if (!ours && !empty)
    return fail(ErrorCode::conflict,
                fmt::format("{} is no cache of this version of Troupe", database_.file()));
  if (auto done = database_.execute("PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
                                    "PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=100;"
                                    "PRAGMA journal_size_limit=4194304; PRAGMA cache_size=-2048");
      !done)
    return done;
  if (empty) {
    if (auto made = database_.execute(fmt::format("BEGIN IMMEDIATE; {} COMMIT", kTables).c_str()); !made) {
      database_.rollback();
      return made;
    }
  }
  auto bytes = database_.integer("SELECT coalesce(sum(bytes), 0) FROM texts");
  if (!bytes) return fail(std::move(bytes.error()));
  bytes_ = static_cast<std::size_t>(bytes->value_or(0));
  return {};
}

Result<std::optional<std::string>> CacheTable::get(const std::string& key, std::int64_t now_ms,
                                                   std::chrono::milliseconds ttl) {
  auto select = database_.statement("SELECT text, put_ms, ends_ms, used_ms FROM texts WHERE key = ?");
  if (!select) return fail(std::move(select.error()));
  std::optional<std::string> found;
  std::int64_t used = 0;
  {
    Rows rows((*select)->bind(key));
    auto row = rows.next();
    if (!row) return fail(std::move(row.error()));
    if (!*row) return found;
    const std::int64_t age = now_ms - (*select)->integer(1);
    if (age < 0 || age >= ttl.count() || now_ms >= (*select)->integer(2)) return found;
    found = std::string((*select)->text(0));
    used = (*select)->integer(3);
  }
  if (now_ms - used < kTouchMs) return found;
  auto touch = database_.statement("UPDATE texts SET used_ms = ? WHERE key = ?");
  if (!touch) return fail(std::move(touch.error()));
  if (auto done = (*touch)->bind(now_ms, key).run(); !done) return fail(std::move(done.error()));
  return found;
}

Result<> CacheTable::put(const std::string& key, const std::string& value, std::int64_t now_ms,
                         std::int64_t ends_ms) {
  auto before = database_.statement("SELECT bytes FROM texts WHERE key = ?");
  if (!before) return fail(std::move(before.error()));
  std::size_t replaced = 0;
  {
    Rows rows((*before)->bind(key));
    auto row = rows.next();
    if (!row) return fail(std::move(row.error()));
    if (*row) replaced = static_cast<std::size_t>((*before)->integer(0));
  }
  auto insert = database_.statement(
      "INSERT OR REPLACE INTO texts (key, text, bytes, put_ms, ends_ms, used_ms) VALUES (?, ?, ?, ?, ?, ?)");
  if (!insert) return fail(std::move(insert.error()));
  const std::size_t bytes = value.size() + kRowBytes;
  auto done = (*insert)->bind(key, value, static_cast<std::int64_t>(bytes), now_ms, ends_ms, now_ms).run();
  if (!done) return done;
  bytes_ = bytes_ - std::min(bytes_, replaced) + bytes;
  return {};
}

// Removes the rows that `select` gives (row id and bytes) until no more than `enough` is left, and says how
// many there were.
Result<std::size_t> CacheTable::remove(const char* select, std::int64_t argument, std::size_t enough) {
  auto statement = database_.statement(select);
  if (!statement) return fail(std::move(statement.error()));
  std::vector<std::pair<std::int64_t, std::size_t>> rows;
  {
    Rows found((*statement)->bind(argument, kRemovedAtOnce));
    for (;;) {
      auto row = found.next();
      if (!row) return fail(std::move(row.error()));
      if (!*row) break;
      rows.emplace_back((*statement)->integer(0), static_cast<std::size_t>((*statement)->integer(1)));
    }
  }
  auto erase = database_.statement("DELETE FROM texts WHERE rowid = ?");
  if (!erase) return fail(std::move(erase.error()));
  std::size_t removed = 0;
  for (const auto& [row, bytes] : rows) {
    if (bytes_ <= enough) break;
    if (auto done = (*erase)->bind(row).run(); !done) return fail(std::move(done.error()));
    bytes_ -= std::min(bytes_, bytes);
    ++removed;
  }
  return removed;
}

Result<bool> CacheTable::tidy(std::size_t bytes_max, std::int64_t now_ms) {
  const std::size_t before = bytes_;
  if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return fail(std::move(begun.error()));
  auto removed = remove("SELECT rowid, bytes FROM texts WHERE ends_ms <= ? LIMIT ?", now_ms, 0);
  const bool all_ended = removed && *removed < static_cast<std::size_t>(kRemovedAtOnce);
  if (removed && bytes_ > bytes_max)
    removed = remove("SELECT rowid, bytes FROM texts WHERE used_ms <= ? ORDER BY used_ms LIMIT ?",
                     std::numeric_limits<std::int64_t>::max(), bytes_max - bytes_max / kTidyShare);
  Result<> done = removed ? database_.execute("COMMIT") : fail(std::move(removed.error()));
  if (!done) {
    damaged_ = damaged();  // before the rollback, which succeeds and makes SQLite forget
    database_.rollback();
    bytes_ = before;
    return fail(std::move(done.error()));
  }
  if (*removed == 0) {  // somebody else emptied it
    auto bytes = database_.integer("SELECT coalesce(sum(bytes), 0) FROM texts");
    if (!bytes) return fail(std::move(bytes.error()));
    bytes_ = static_cast<std::size_t>(bytes->value_or(0));
    return false;
  }
  if (bytes_ < before)
    if (auto shrunk = database_.execute("PRAGMA incremental_vacuum(256)"); !shrunk)
      return fail(std::move(shrunk.error()));
  return !all_ended || bytes_ > bytes_max;
}

}  // namespace troupe::store

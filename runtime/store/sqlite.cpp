#include "runtime/store/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace troupe::store {

namespace {

/// What SQLite said, with the file, what was being done (or ""), and what a person can do about it.
Error error_of(sqlite3* db, std::string_view file, std::string_view doing) {
  const int code = sqlite3_extended_errcode(db);
  const std::string place = doing.empty() ? std::string(file) : fmt::format("{}: {}", file, doing);
  if ((code & 0xff) == SQLITE_INTERRUPT)
    return {
        ErrorCode::timeout, fmt::format("{}: a query took too long and was given up", place), true, 0, {}};
  const char* remedy =
      trouble_of(code) == Trouble::damaged ? "; restore a backup, or move the file away to begin anew" : "";
  return {ErrorCode::store,
          fmt::format("{}: {}{}", place, sqlite3_errmsg(db), remedy),
          trouble_of(code) == Trouble::wait,
          0,
          {}};
}

/// The statement's own connection knows why it failed.
Error statement_failure(sqlite3_stmt* raw) {
  sqlite3* db = sqlite3_db_handle(raw);
  const char* file = sqlite3_db_filename(db, "main");
  return error_of(db, file ? file : "store", "");
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* raw) const {
  sqlite3_finalize(raw);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(raw_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(raw_.get());
    return false;
  }
  Error error = statement_failure(raw_.get());
  sqlite3_reset(raw_.get());  // keeps the connection's error code, which trouble() reads
  return fail(std::move(error));
}

Result<> Statement::run() {
  for (;;) {
    auto row = step();
    if (!row) return fail(std::move(row.error()));
    if (!*row) return {};
  }
}

void Statement::reset() {
  if (raw_) sqlite3_reset(raw_.get());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(raw_.get(), column);
}
double Statement::real(int column) const {
  return sqlite3_column_double(raw_.get(), column);
}
bool Statement::null(int column) const {
  return sqlite3_column_type(raw_.get(), column) == SQLITE_NULL;
}

std::string_view Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(raw_.get(), column));
  if (!bytes) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(raw_.get(), column))};
}

std::string_view Statement::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(raw_.get(), column));
  if (!bytes) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(raw_.get(), column))};
}

void Statement::bind_one(int position, Blob blob) {
  sqlite3_bind_blob64(raw_.get(), position, blob.bytes.data() ? blob.bytes.data() : "", blob.bytes.size(),
                      SQLITE_STATIC);
}

void Statement::bind_one(int position, std::string_view text) {
  // An empty view may have no address, which SQLite would take for NULL.
  sqlite3_bind_text64(raw_.get(), position, text.data() ? text.data() : "", text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
}
Statement& Statement::bind_null(int position) {
  sqlite3_bind_null(raw_.get(), position);
  return *this;
}
void Statement::bind_one(int position, double value) {
  sqlite3_bind_double(raw_.get(), position, value);
}
void Statement::bind_integer(int position, std::int64_t value) {
  sqlite3_bind_int64(raw_.get(), position, value);
}

void Database::Close::operator()(sqlite3* raw) const {
  sqlite3_close_v2(raw);
}

Result<Database> Database::open(const std::string& file, Mode mode) {
  const bool writes = mode == Mode::create || mode == Mode::write;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
              (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
  if (mode == Mode::create) flags |= SQLITE_OPEN_CREATE;

  std::string name = file;
  if (mode == Mode::immutable) {
    flags |= SQLITE_OPEN_URI;
    name = "file:";
    for (const char c : file)
      name += (c == '%' || c == '?' || c == '#') ? fmt::format("%{:02x}", c) : std::string(1, c);
    name += "?immutable=1";
  }

  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &raw, flags, nullptr);
  Database database(file, raw);
  if (code != SQLITE_OK) return fail(database.failure("cannot open"));
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (!writes) sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  // cell_size_check finds a damaged page when it is read, rather than after wrong rows came out of it.
  if (auto done =
          database.execute("PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF; PRAGMA foreign_keys=ON");
      !done)
    return fail(std::move(done.error()));
  return database;
}

Result<> Database::execute(const char* sql) {
  if (sqlite3_exec(raw_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return fail(failure(sql));
  return {};
}

Result<Statement*> Database::statement(const char* sql) {
  auto [entry, fresh] = statements_.try_emplace(sql);
  if (!fresh) return &entry->second;
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(raw_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK) {
    statements_.erase(entry);
    return fail(failure(sql));
  }
  entry->second = Statement(raw);
  return &entry->second;
}

Result<Statement> Database::prepare(const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(raw_.get(), sql.c_str(), -1, 0, &raw, nullptr) != SQLITE_OK)
    return fail(failure(sql));
  return Statement(raw);
}

Result<std::optional<std::int64_t>> Database::integer(const char* sql) {
  auto statement = this->statement(sql);
  if (!statement) return fail(std::move(statement.error()));
  Rows rows(**statement);
  auto row = rows.next();
  if (!row) return fail(std::move(row.error()));
  if (!*row) return std::optional<std::int64_t>();
  return (*statement)->integer(0);
}

Result<std::optional<std::string>> Database::text(const char* sql) {
  auto statement = this->statement(sql);
  if (!statement) return fail(std::move(statement.error()));
  Rows rows(**statement);
  auto row = rows.next();
  if (!row) return fail(std::move(row.error()));
  if (!*row) return std::optional<std::string>();
  return std::string((*statement)->text(0));
}

Result<FileMark> Database::mark() {
  // In one statement, so that what another process writes meanwhile is seen whole or not at all.
  auto statement = this->statement(
      "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)"
      " FROM pragma_application_id, pragma_user_version");
  if (!statement) return fail(std::move(statement.error()));
  Rows rows(**statement);
  auto row = rows.next();
  if (!row) return fail(std::move(row.error()));
  return FileMark{(*statement)->integer(0), (*statement)->integer(1), (*statement)->integer(2) > 0};
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(raw_.get()) == 0;
}

void Database::rollback() {
  if (in_transaction()) sqlite3_exec(raw_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

std::int64_t Database::last_row() const {
  return sqlite3_last_insert_rowid(raw_.get());
}

Trouble Database::trouble() const {
  return trouble_of(sqlite3_extended_errcode(raw_.get()));
}

bool Database::broke_unique() const {
  return sqlite3_extended_errcode(raw_.get()) == SQLITE_CONSTRAINT_UNIQUE;
}

Error Database::failure(std::string_view doing) const {
  return error_of(raw_.get(), file_, doing);
}

Trouble trouble_of(int code) {
  if (code == SQLITE_IOERR_CORRUPTFS) return Trouble::damaged;
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Trouble::damaged;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:  // remounted after an error, or the file was moved away: a person can undo both
    case SQLITE_CANTOPEN:  // no descriptors left
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
      return Trouble::wait;
    default:
      return Trouble::refused;
  }
}

}  // namespace troupe::store

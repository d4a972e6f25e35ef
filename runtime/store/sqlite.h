#pragma once

#include "runtime/base/result.h"

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace troupe::store {

/// How long a statement waits for another process's lock before it fails.
inline constexpr int kBusyTimeoutMs = 2000;

/// Bytes that are no text, to bind. Refers: must live until the statement is reset.
struct Blob {
  std::string_view bytes;
};

/// A prepared statement. Belongs to one Database and is used by one thread at a time. Positions count from 1,
/// columns from 0. Text is bound without a copy: it must live until the statement is reset.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* raw) : raw_(raw) {}

  /// Binds all parameters, left to right: integers, doubles, text and blobs.
  template <class... Args>
  Statement& bind(const Args&... args) {
    int position = 0;
    (bind_one(++position, args), ...);
    return *this;
  }

  /// Makes one parameter NULL after bind().
  Statement& bind_null(int position);

  /// Moves to the next row: true when there is one. Resets the statement at the end and on failure.
  Result<bool> step();
  /// For statements without rows: runs to the end.
  Result<> run();
  /// Forgets the position and lets go of the read lock. Harmless when nothing is open.
  void reset();

  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;  ///< valid until the next step or reset
  std::string_view blob(int column) const;  ///< the same, for bytes that are no text
  bool null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* raw) const;
  };

  void bind_one(int position, std::string_view text);
  void bind_one(int position, const std::string& text) { bind_one(position, std::string_view(text)); }
  void bind_one(int position, const char* text) { bind_one(position, std::string_view(text)); }
  void bind_one(int position, Blob blob);
  void bind_one(int position, double value);
  template <std::integral I>
  void bind_one(int position, I value) {
    bind_integer(position, static_cast<std::int64_t>(value));
  }
  void bind_integer(int position, std::int64_t value);

  std::unique_ptr<sqlite3_stmt, Finalize> raw_;
};

/// Resets a statement when a scope ends, so that a half-read query never holds a snapshot of the WAL.
class Rows {
 public:
  explicit Rows(Statement& statement) : statement_(statement) {}
  ~Rows() { statement_.reset(); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  Result<bool> next() { return statement_.step(); }

 private:
  Statement& statement_;
};

/// What a file says of itself, for who must not write into somebody else's.
struct FileMark {
  std::int64_t application = 0;  ///< PRAGMA application_id
  std::int64_t version = 0;      ///< PRAGMA user_version
  bool tables = false;           ///< it has any
  bool blank() const { return application == 0 && !tables; }
};

/// What a failed statement means for whoever ran it.
enum class Trouble {
  wait,     ///< disk full, I/O error, locked: the same transaction may succeed later
  damaged,  ///< the file does not hold what SQLite wrote there
  refused,  ///< this statement breaks a rule of the schema or of SQLite; others may go on
};

/// One connection to one SQLite file. One thread at a time. Errors are ErrorCode::store and name the file.
class Database {
 public:
  enum class Mode {
    create,     ///< read and write, made when it does not exist
    write,      ///< read and write
    read,       ///< read only, with the writer's changes as they are committed
    immutable,  ///< read only, for files that nobody can change: ignores WAL and locks
  };
  static Result<Database> open(const std::string& file, Mode mode);

  const std::string& file() const { return file_; }
  sqlite3* raw() const { return raw_.get(); }

  /// Runs statements without parameters.
  Result<> execute(const char* sql);
  /// The statement for a literal, prepared on its first use and kept.
  Result<Statement*> statement(const char* sql);
  /// A statement for this one use, where the text is not known before: a table's name is part of it.
  Result<Statement> prepare(const std::string& sql);
  /// First column of the first row, or nothing when there is no row.
  Result<std::optional<std::int64_t>> integer(const char* sql);
  Result<std::optional<std::string>> text(const char* sql);

  Result<FileMark> mark();

  bool in_transaction() const;
  /// Rolls back when a transaction is open. Never fails: what SQLite cannot roll back it already has.
  void rollback();
  std::int64_t last_row() const;  ///< number of the row that was inserted last

  /// What the last failure of this connection was. Only meaningful right after one.
  Trouble trouble() const;
  /// True when the last failure was a value that a unique index has already.
  bool broke_unique() const;
  /// The error of the last failure: "FILE: doing: what SQLite said".
  Error failure(std::string_view doing) const;

 private:
  struct Close {
    void operator()(sqlite3* raw) const;
  };
  Database(std::string file, sqlite3* raw) : file_(std::move(file)), raw_(raw) {}

  std::string file_;
  std::unique_ptr<sqlite3, Close> raw_;
  std::unordered_map<const char*, Statement> statements_;  // after raw_: finalized before it is closed
};

/// The same for a result code that was kept.
Trouble trouble_of(int code);

}  // namespace troupe::store

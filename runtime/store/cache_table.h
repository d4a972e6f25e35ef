#pragma once

#include "runtime/base/result.h"
#include "runtime/store/sqlite.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace troupe::store {

/// A SQLite file of texts by key that may be lost at any time: each has an age, an end, and when it was last
/// used. Plain and blocking; the caller brings the time. One thread.
class CacheTable {
 public:
  /// Opens the file, or makes it, readable to its owner alone. Errors: conflict (an SQLite file of somebody
  /// else's or of another version), store (not SQLite, damaged, or it cannot be opened: see damaged()).
  static Result<CacheTable> open(const std::string& file);

  /// The text that was put under `key` less than `ttl` ago and has not ended. One that was put "after"
  /// now, because the clock was set back since, has no age that can be trusted, and is not given.
  Result<std::optional<std::string>> get(const std::string& key, std::int64_t now_ms,
                                         std::chrono::milliseconds ttl);
  /// Puts a text in place of what was there.
  Result<> put(const std::string& key, const std::string& value, std::int64_t now_ms, std::int64_t ends_ms);

  /// One small transaction of tidying: removes some of what has ended and, while there is more than
  /// `bytes_max`, of what was not used longest. True when there is more to remove.
  Result<bool> tidy(std::size_t bytes_max, std::int64_t now_ms);

  /// What all texts with their keys take up.
  std::size_t bytes() const { return bytes_; }
  /// Whether an error of this table means that the file cannot be used any more, not that it may be later.
  bool damaged() const { return damaged_ || database_.trouble() == Trouble::damaged; }

 private:
  explicit CacheTable(Database database) : database_(std::move(database)) {}
  Result<> prepare();
  Result<std::size_t> remove(const char* select, std::int64_t argument, std::size_t enough);

  Database database_;
  std::size_t bytes_ = 0;
  bool damaged_ = false;  // found before a rollback, after which the database does not say so any more
};

/// Whether `error` of open() says that the file itself is at fault: damaged, or not ours.
bool file_is_at_fault(const Error& error);

}  // namespace troupe::store

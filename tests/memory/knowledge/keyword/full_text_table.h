#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace troupe::memory::testing {

/// A full-text table of SQLite in memory with one column, `terms`. Throws what SQLite complains of.
class FullTextTable {
 public:
  explicit FullTextTable(const std::string& tokenizer = "unicode61");
  ~FullTextTable();
  FullTextTable(const FullTextTable&) = delete;
  FullTextTable& operator=(const FullTextTable&) = delete;

  /// The rows are 1, 2, 3 …
  void add(const std::string& terms);
  /// The rows that match, best first by bm25(), equal ones in their order; at most `limit`.
  std::vector<std::int64_t> find(const std::string& query, int limit = 100);
  /// Every indexed term and how often it stands in all rows.
  std::map<std::string, std::int64_t> vocabulary();

 private:
  sqlite3_stmt* prepare(const std::string& sql);
  void check(int code) const;

  sqlite3* database_ = nullptr;
  std::vector<sqlite3_stmt*> statements_;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* select_ = nullptr;
};

}  // namespace troupe::memory::testing

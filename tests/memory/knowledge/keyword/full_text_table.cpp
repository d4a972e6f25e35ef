#include "tests/memory/knowledge/keyword/full_text_table.h"

#include <stdexcept>

#include <sqlite3.h>

namespace troupe::memory::testing {

FullTextTable::FullTextTable(const std::string& tokenizer) {
  check(sqlite3_open(":memory:", &database_));
  const std::string sql = "CREATE VIRTUAL TABLE rows USING fts5(terms, content = '', tokenize = '" +
                          tokenizer +
                          "'); CREATE VIRTUAL TABLE vocabulary USING fts5vocab(rows, 'row'); BEGIN";
  check(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr));
  insert_ = prepare("INSERT INTO rows (terms) VALUES (?)");
  select_ = prepare("SELECT rowid FROM rows WHERE rows MATCH ? ORDER BY bm25(rows), rowid LIMIT ?");
}

FullTextTable::~FullTextTable() {
  for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

void FullTextTable::add(const std::string& terms) {
  check(sqlite3_bind_text(insert_, 1, terms.data(), static_cast<int>(terms.size()), SQLITE_TRANSIENT));
  check(sqlite3_step(insert_));
  check(sqlite3_reset(insert_));
}

std::vector<std::int64_t> FullTextTable::find(const std::string& query, int limit) {
  check(sqlite3_bind_text(select_, 1, query.data(), static_cast<int>(query.size()), SQLITE_TRANSIENT));
  check(sqlite3_bind_int(select_, 2, limit));
  std::vector<std::int64_t> rows;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(select_)) == SQLITE_ROW) rows.push_back(sqlite3_column_int64(select_, 0));
  check(code);
  check(sqlite3_reset(select_));
  return rows;
}

std::map<std::string, std::int64_t> FullTextTable::vocabulary() {
  sqlite3_stmt* all = prepare("SELECT term, cnt FROM vocabulary");
  std::map<std::string, std::int64_t> terms;
  while (sqlite3_step(all) == SQLITE_ROW)
    terms[reinterpret_cast<const char*>(sqlite3_column_text(all, 0))] = sqlite3_column_int64(all, 1);
  return terms;
}

sqlite3_stmt* FullTextTable::prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr));
  statements_.push_back(statement);
  return statement;
}

void FullTextTable::check(int code) const {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
    throw std::runtime_error(sqlite3_errmsg(database_));
}

}  // namespace troupe::memory::testing

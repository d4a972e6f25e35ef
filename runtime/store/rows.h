#pragma once

#include "runtime/base/result.h"
#include "runtime/store/sqlite.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

/// One statement from its text to its rows. `sql` is a literal, whose statement is kept, or a std::string,
/// for texts that are composed, whose statement is for this once. Parameters are bound left to right. Errors:
/// store.
namespace troupe::store {

template <class Use>
auto with_statement(Database& database, const char* sql, Use use) -> std::invoke_result_t<Use, Statement&> {
  auto statement = database.statement(sql);
  if (!statement) return fail(std::move(statement.error()));
  return use(**statement);
}
template <class Use>
auto with_statement(Database& database, const std::string& sql, Use use)
    -> std::invoke_result_t<Use, Statement&> {
  auto statement = database.prepare(sql);
  if (!statement) return fail(std::move(statement.error()));
  return use(*statement);
}

/// Runs a statement without rows.
template <class Sql, class... Args>
Result<> change(Database& database, const Sql& sql, const Args&... args) {
  return with_statement(database, sql, [&](Statement& statement) { return statement.bind(args...).run(); });
}

/// Reads all rows; `each` is called for every one, and an error of it ends the reading.
template <class Sql, class Each, class... Args>
Result<> for_each_row(Database& database, const Sql& sql, Each each, const Args&... args) {
  return with_statement(database, sql, [&](Statement& statement) -> Result<> {
    Rows rows(statement.bind(args...));
    for (;;) {
      auto row = rows.next();
      if (!row) return fail(std::move(row.error()));
      if (!*row) return {};
      if (Result<> seen = each(std::as_const(statement)); !seen) return seen;
    }
  });
}

/// All rows, as `make` reads them.
template <class Row, class Sql, class... Args>
Result<std::vector<Row>> all_rows(Database& database, const Sql& sql, Row (*make)(const Statement&),
                                  const Args&... args) {
  std::vector<Row> found;
  auto take = [&](const Statement& row) -> Result<> {
    found.push_back(make(row));
    return {};
  };
  if (auto done = for_each_row(database, sql, take, args...); !done) return fail(std::move(done.error()));
  return found;
}

/// The row of a query that has one at most; nothing when it has none.
template <class Row, class Sql, class... Args>
Result<std::optional<Row>> one_row(Database& database, const Sql& sql, Row (*make)(const Statement&),
                                   const Args&... args) {
  auto found = all_rows<Row>(database, sql, make, args...);
  if (!found) return fail(std::move(found.error()));
  if (found->empty()) return std::optional<Row>();
  return std::optional<Row>(std::move(found->front()));
}

/// What make() may be: the first column.
inline std::string first_text(const Statement& row) {
  return std::string(row.text(0));
}
inline std::int64_t first_integer(const Statement& row) {
  return row.integer(0);
}

}  // namespace troupe::store

#pragma once

#include "runtime/base/result.h"
#include "runtime/store/sqlite.h"

#include <cstdint>
#include <span>

namespace troupe::store {

/// "Trpe": tells our file from any other SQLite file.
inline constexpr std::int32_t kApplicationId = 0x54727065;

/// One step from a schema to the next. `sql` runs in one transaction with all the other steps that are due.
struct Migration {
  int version;
  const char* sql;
};

/// Every schema that was ever released, oldest first; the last one is what this binary reads and writes.
std::span<const Migration> migrations();
int newest_schema();

/// Makes an empty file a journal, or brings an older one up to date after writing a copy of it beside it
/// (`FILE.schema-N`). Errors (store, naming the file): some other program's database, a newer schema, damage.
Result<> prepare_schema(Database& database, std::span<const Migration> steps);

/// For copies: the file is a journal, of the newest schema or an older one. Errors as above.
Result<> check_journal(Database& database);

/// For readers: the file is a journal of exactly the newest schema. Errors as above, and for an older one.
Result<> check_schema(Database& database);

}  // namespace troupe::store

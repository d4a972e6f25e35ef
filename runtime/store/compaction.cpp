#include "runtime/store/compaction.h"

#include "runtime/base/fault.h"
#include "runtime/store/offline_store.h"
#include "runtime/store/rows.h"
#include "runtime/store/schema.h"

#include <filesystem>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

namespace troupe::store {

namespace {

constexpr std::size_t kHashChars = 64;
constexpr std::size_t kDeletedAtOnce = 200;     // texts in one transaction
constexpr std::int64_t kProgressEvery = 5'000;  // records

constexpr char kHashes[] = "SELECT n, hash FROM blobs";
// Whatever says a hash may mean a text: who refers to them is known to others, and an older version may have
// done it otherwise.
constexpr const char* kTexts[] = {"SELECT body FROM log", "SELECT config || ' ' || extra FROM runs",
                                  "SELECT body FROM dead_letters"};
constexpr char kDelete[] = "DELETE FROM blobs WHERE n = ?";

using Unnamed = std::unordered_map<std::string, std::int64_t>;  // texts that nothing has named so far

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// Takes out what a text names.
void take_named(std::string_view text, Unnamed& unnamed) {
  std::size_t run = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && is_hex(text[i])) {
      ++run;
      continue;
    }
    if (run == kHashChars) unnamed.erase(std::string(text.substr(i - run, run)));
    run = 0;
  }
}

Result<Unnamed> unnamed_texts(Database& database, const CompactionProgress& progress) {
  Unnamed unnamed;
  auto done = for_each_row(database, kHashes, [&](const Statement& row) -> Result<> {
    unnamed.emplace(row.text(1), row.integer(0));
    return {};
  });
  if (!done) return fail(std::move(done.error()));
  auto total = database.integer("SELECT max(pos) FROM log");
  if (!total) return fail(std::move(total.error()));
  std::int64_t read = 0;
  for (const char* texts : kTexts) {
    done = for_each_row(database, texts, [&](const Statement& row) -> Result<> {
      take_named(row.text(0), unnamed);
      if (++read % kProgressEvery == 0) progress(read, std::max(read, total->value_or(0)));
      return {};
    });
    if (!done) return fail(std::move(done.error()));
  }
  return unnamed;
}

Result<> remove(Database& database, const Unnamed& unnamed) {
  for (auto text = unnamed.begin(); text != unnamed.end();) {
    if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return begun;
    Result<> done;
    for (std::size_t i = 0; done && i < kDeletedAtOnce && text != unnamed.end(); ++i, ++text)
      done = change(database, kDelete, text->second);
    if (done) done = database.execute("COMMIT");
    if (!done) {
      database.rollback();
      return done;
    }
    fault_point("compact.removed");
  }
  return {};
}

Result<> shrink(Database& database) {
  if (fault_point("compact.vacuum") == Fault::enospc)
    return fail(ErrorCode::store, database.file() + ": database or disk is full");
  if (auto done = database.execute("VACUUM"); !done) return done;
  return database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

std::int64_t size_of(const std::string& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

}  // namespace

Result<Compaction> compact(const StoreLock& lock, const std::string& directory,
                           const CompactionProgress& progress) {
  auto database = open_offline(lock, directory);
  if (!database) return fail(std::move(database.error()));
  if (auto done = database->execute("PRAGMA wal_checkpoint(TRUNCATE)"); !done)
    return fail(std::move(done.error()));

  const std::string file = directory + "/journal.db";
  Compaction compaction{.before = size_of(file)};
  auto unnamed = unnamed_texts(*database, progress);
  if (!unnamed) return fail(std::move(unnamed.error()));
  if (auto done = remove(*database, *unnamed); !done) return fail(std::move(done.error()));
  if (auto done = shrink(*database); !done) return fail(std::move(done.error()));
  compaction.texts = static_cast<std::int64_t>(unnamed->size());
  compaction.after = size_of(file);
  return compaction;
}

}  // namespace troupe::store

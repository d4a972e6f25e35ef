#pragma once

#include "agents/check/store_check.h"
#include "runtime/store/chain.h"
#include "runtime/store/schema.h"
#include "runtime/store/sqlite.h"
#include "tests/fakes/fixtures.h"
#include "tests/fakes/temp_dir.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace troupe::agents::testing {

/// What `troupe store check` finds in the store of this folder.
inline std::vector<Finding> found_in(const std::string& directory, CheckOptions options = {},
                                     CheckReport* report = nullptr) {
  auto reader = store::AuditReader::open(directory);
  REQUIRE_MESSAGE(reader.has_value(), reader.error().message);
  std::vector<Finding> found;
  auto checked = check_store(
      *reader, options, [&](Finding one) { found.push_back(std::move(one)); }, [](const CheckProgress&) {});
  REQUIRE_MESSAGE(checked.has_value(), checked.error().message);
  if (report) *report = *checked;
  return found;
}

/// A test's own store is whole when the test is over.
inline void expect_whole(const std::string& directory) {
  for (const Finding& one : found_in(directory))
    FAIL_CHECK(one.invariant << ": run " << one.run << ", seq " << one.seq << ": " << one.what);
}

/// A store as a released version left it, which may be broken on purpose.
class KeptStore {
 public:
  explicit KeptStore(const char* dump) {
    const std::string text = fakes::read_fixture(fmt::format("store/{}", dump));
    auto file = store::Database::open(this->file(), store::Database::Mode::create);
    REQUIRE(file.has_value());
    auto filled = file->execute(text.c_str());
    REQUIRE_MESSAGE(filled.has_value(), filled.error().message);
    REQUIRE(
        file->execute(fmt::format("PRAGMA application_id = {}", store::kApplicationId).c_str()).has_value());
    auto current = store::prepare_schema(*file, store::migrations());  // as the first start would
    REQUIRE_MESSAGE(current.has_value(), current.error().message);
  }

  std::string directory() const { return folder_.path().string(); }
  std::string file() const { return directory() + "/journal.db"; }

  void change(const std::string& sql) {
    auto file = store::Database::open(this->file(), store::Database::Mode::write);
    REQUIRE(file.has_value());
    auto done = file->execute(sql.c_str());
    REQUIRE_MESSAGE(done.has_value(), done.error().message);
  }
  /// The same, and numbers and checksums of the log are made to fit again: only what is said is wrong then.
  void forge(const std::string& sql) {
    change("PRAGMA foreign_keys=OFF;" + sql);
    renumber();
  }

 private:
  struct Row {
    std::int64_t pos;
    std::int64_t stream;
    int step;
    std::string type;
    std::string body;
  };

  void renumber() {
    auto file = store::Database::open(this->file(), store::Database::Mode::write);
    REQUIRE(file.has_value());
    REQUIRE(file->execute("BEGIN; UPDATE log SET n = -n"));
    std::vector<Row> rows;
    {
      auto all = file->statement("SELECT pos, stream, step, type, body FROM log ORDER BY stream, n DESC");
      REQUIRE(all.has_value());
      while (*(*all)->step())
        rows.push_back({(*all)->integer(0), (*all)->integer(1), static_cast<int>((*all)->integer(2)),
                        std::string((*all)->text(3)), std::string((*all)->text(4))});
    }
    std::int64_t stream = -1;
    std::int64_t n = 0;
    std::uint32_t chain = 0;
    for (Row& row : rows) {
      n = row.stream == stream ? n + 1 : 1;
      if (n == 1) chain = 0;
      stream = row.stream;
      if (row.stream % 2 == 0) {
        auto body = parse_json(row.body);
        if (body && body->contains("seq")) {
          (*body)["seq"] = n;
          row.body = dump(*body);
        }
      }
      chain = store::link(chain, n, row.step, row.type, row.body);
      auto update = file->statement("UPDATE log SET n = ?, chain = ?, body = ? WHERE pos = ?");
      REQUIRE((*update)->bind(n, chain, row.body, row.pos).run());
    }
    REQUIRE(file->execute("COMMIT"));
  }

  fakes::TempDir folder_;
};

}  // namespace troupe::agents::testing

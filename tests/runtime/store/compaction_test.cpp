#include "runtime/store/compaction.h"

#include "runtime/base/fault.h"
#include "runtime/base/sha256.h"
#include "runtime/store/audit_reader.h"
#include "runtime/store/journal.h"
#include "runtime/store/store_reader.h"
#include "tests/runtime/store/journal_contract.h"
#include "tests/runtime/store/temp_store.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::store;

namespace {

const CompactionProgress kQuiet = [](std::int64_t, std::int64_t) {};

/// Texts that a fact, a row and nobody refer to; and a session that is forgotten again.
struct Scene {
  Scene() {
    SystemClock clock;
    Loop loop(clock);
    auto journal = open_sqlite_journal(loop, {.path = store.directory()});
    REQUIRE(journal.has_value());
    const auto keep = [&](const std::string& text) {
      auto hash = fakes::run(loop, (*journal)->put_blob(text));
      REQUIRE(hash.has_value());
      return *hash;
    };
    by_fact = keep("an output " + std::string(9000, 'x'));
    by_row = keep("a configuration");
    by_extra = keep("a picture");
    by_nobody = keep("an output of a session that is gone " + std::string(500'000, 'y'));
    Append append = contract::events_of("s_a", "r_a", 2);
    append.facts.push_back({"r_a", "tool.more", 1, fmt::format(R"({{"blob":"{}"}})", by_fact)});
    append.run = RunRow{.id = "r_a",
                        .session = "s_a",
                        .config = by_row,
                        .extra = fmt::format(R"({{"attachments":[{{"blob":"{}"}}]}})", by_extra)};
    REQUIRE(fakes::run(loop, (*journal)->commit(std::move(append))));
    for (int i = 0; i < 100; ++i) {
      Append more = contract::events_of("s_gone", "r_gone", 1);
      more.facts.push_back({"r_gone", "model.reply", 1, std::string(10'000, 'z')});
      more.run = RunRow{.id = "r_gone", .session = "s_gone", .status = "done", .finished_ms = 1};
      REQUIRE(fakes::run(loop, (*journal)->commit(std::move(more))));
    }
    Append forget;
    forget.forget = "s_gone";
    REQUIRE(fakes::run(loop, (*journal)->commit(std::move(forget))));
    fakes::run(loop, (*journal)->close());
  }
  Result<Compaction> compacted() {
    auto lock = StoreLock::acquire(store.directory());
    REQUIRE(lock.has_value());
    return compact(*lock, store.directory(), kQuiet);
  }
  bool has(const std::string& hash) const {
    auto reader = open_store_reader(store.directory());
    REQUIRE(reader.has_value());
    return reader->blob(hash).has_value();
  }
  TempStore store;
  std::string by_fact, by_row, by_extra, by_nobody;
};

}  // namespace

TEST_CASE("compaction gives the space of what was forgotten back, and deletes the texts nobody refers to") {
  Scene scene;
  auto done = scene.compacted();
  REQUIRE_MESSAGE(done.has_value(), done.error().message);
  CHECK(done->texts == 1);
  CHECK(done->before > 1'500'000);
  CHECK(done->after < 150'000);
  CHECK(scene.has(scene.by_fact));
  CHECK(scene.has(scene.by_row));
  CHECK(scene.has(scene.by_extra));
  CHECK_FALSE(scene.has(scene.by_nobody));

  auto reader = AuditReader::open(scene.store.directory());
  CHECK(reader->structure(false)->empty());
  auto again = scene.compacted();
  REQUIRE(again.has_value());
  CHECK(again->texts == 0);
  CHECK(again->after == done->after);
  CHECK(open_store_reader(scene.store.directory())->events("s_a", 0, 10)->size() == 2);
}

TEST_CASE("a disk that is full while a journal is compacted leaves it as large and as whole as it was") {
  Scene scene;
  REQUIRE(arm_faults("compact.vacuum:1:enospc"));
  auto failed = scene.compacted();
  REQUIRE(arm_faults(""));
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().code == ErrorCode::store);
  CHECK(scene.has(scene.by_fact));
  CHECK(open_store_reader(scene.store.directory())->events("s_a", 0, 10)->size() == 2);
  CHECK(scene.compacted()->after < 150'000);
}

TEST_CASE("there is nothing to compact where there is no store") {
  TempStore store;
  auto lock = StoreLock::acquire(store.directory());
  REQUIRE(lock.has_value());
  auto none = compact(*lock, store.directory(), kQuiet);
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code == ErrorCode::not_found);
}

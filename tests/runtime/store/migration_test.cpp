// Stores of every released schema, opened by this version; what is left where that is interrupted.
#include "runtime/base/fault.h"
#include "runtime/store/journal.h"
#include "runtime/store/schema.h"
#include "runtime/store/sqlite.h"
#include "tests/fakes/run_loop.h"
#include "tests/runtime/store/temp_store.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::store;

namespace {

void fill_from(const TempStore& store, int schema) {
  std::filesystem::create_directories(store.directory());
  std::ostringstream text;
  text << std::ifstream(fmt::format("{}/store/schema{}.sql", TROUPE_FIXTURES, schema)).rdbuf();
  auto old = Database::open(store.file(), Database::Mode::create);
  REQUIRE(old.has_value());
  REQUIRE(old->execute(text.str().c_str()).has_value());
  REQUIRE(old->execute(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str()).has_value());
}

Result<> open_and_close(const TempStore& store) {
  SystemClock clock;
  Loop loop(clock);
  auto journal = open_sqlite_journal(loop, {.path = store.directory()});
  if (!journal) return fail(std::move(journal.error()));
  fakes::run(loop, (*journal)->close());
  return {};
}

struct Contents {
  std::int64_t schema = 0;
  std::int64_t records = 0;
  std::int64_t runs = 0;
  bool operator==(const Contents&) const = default;
};

Contents contents_of(const std::string& file) {
  auto database = Database::open(file, Database::Mode::write);
  REQUIRE(database.has_value());
  return {database->integer("SELECT value FROM meta WHERE key = 'schema'")->value_or(0),
          database->integer("SELECT count(*) FROM log")->value_or(0),
          database->integer("SELECT count(*) FROM runs")->value_or(0)};
}

struct Disarmed {
  ~Disarmed() { (void)arm_faults(""); }
};

constexpr const char* kPoints[] = {"schema.copied", "schema.step", "schema.commit"};

}  // namespace

TEST_CASE("there is a fixture of every released schema, and each is opened with all that is in it") {
  for (const Migration& released : migrations()) {
    CAPTURE(released.version);
    TempStore store;
    fill_from(store, released.version);
    const Contents before = contents_of(store.file());
    CHECK(before.schema == released.version);
    auto opened = open_and_close(store);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
    CHECK(contents_of(store.file()) == Contents{newest_schema(), before.records, before.runs});
    const std::string copy = fmt::format("{}.schema-{}", store.file(), released.version);
    CHECK(std::filesystem::exists(copy) == (released.version < newest_schema()));
    if (std::filesystem::exists(copy)) CHECK(contents_of(copy) == before);
  }
}

TEST_CASE(
    "a disk that is full while a schema is changed leaves the old store, and the next start changes it") {
  for (const char* point : kPoints) {
    CAPTURE(std::string(point));
    Disarmed disarmed;
    TempStore store;
    fill_from(store, 1);
    const Contents before = contents_of(store.file());
    REQUIRE(arm_faults(fmt::format("{}:1:enospc", point)));
    auto refused = open_and_close(store);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::store);
    CHECK(refused.error().message.contains("disk is full"));
    CHECK(contents_of(store.file()) == before);
    CHECK(contents_of(store.file() + ".schema-1") == before);
    REQUIRE(arm_faults(""));
    REQUIRE(open_and_close(store).has_value());
    CHECK(contents_of(store.file()).schema == newest_schema());
    CHECK(contents_of(store.file() + ".schema-1") == before);
  }
}

TEST_CASE("a process that is killed while a schema is changed leaves the old store and its copy") {
  for (const char* fault : {"schema.copied:1:exit137", "schema.step:1:exit137", "schema.step:2:exit137",
                            "schema.commit:1:exit137"}) {
    CAPTURE(std::string(fault));
    TempStore store;
    fill_from(store, 1);
    const Contents before = contents_of(store.file());
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      (void)arm_faults(fault);
      (void)open_and_close(store);
      _exit(1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WEXITSTATUS(status) == 137);
    CHECK(contents_of(store.file()) == before);
    CHECK(contents_of(store.file() + ".schema-1") == before);
    REQUIRE(open_and_close(store).has_value());
    CHECK(contents_of(store.file()) == Contents{newest_schema(), before.records, before.runs});
  }
}

#include "runtime/store/gap.h"

#include "runtime/store/journal.h"
#include "runtime/store/sqlite.h"
#include "runtime/store/store_reader.h"
#include "tests/runtime/store/journal_contract.h"
#include "tests/runtime/store/temp_store.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::store;

namespace {

/// A run with ten facts, of kinds k1 to k10.
struct Scene {
  explicit Scene(bool ended = true) {
    auto opened = open_sqlite_journal(loop, {.path = store.directory()});
    REQUIRE(opened.has_value());
    journal = std::move(*opened);
    Append append = contract::events_of("s_a", "r_a", 2);
    append.run = RunRow{.id = "r_a", .session = "s_a", .status = "done", .finished_ms = ended ? 1 : 0};
    for (int i = 0; i < 10; ++i) append.facts.push_back({"r_a", kKinds[i], i, R"({"a":1})"});
    REQUIRE(fakes::run(loop, journal->commit(std::move(append))));
  }
  ~Scene() {
    if (journal) fakes::run(loop, journal->close());
  }

  Result<> drop(std::int64_t from, std::int64_t through, std::string run = "r_a") {
    Append append;
    append.facts.push_back(dropping(std::move(run), from, through));
    return fakes::run(loop, journal->commit(std::move(append)));
  }
  std::string kinds() {
    auto facts = fakes::run(loop, journal->read_facts("r_a"));
    if (!facts) return facts.error().message;
    std::string all;
    for (const Fact& fact : *facts) all += fmt::format("{} ", fact.kind);
    return all;
  }
  std::int64_t gaps() {
    auto file = Database::open(store.file(), Database::Mode::read);
    return file->integer("SELECT count(*) FROM log WHERE type = 'log.dropped'")->value_or(-1);
  }
  void change(const char* sql) {
    auto file = Database::open(store.file(), Database::Mode::write);
    REQUIRE(file.has_value());
    REQUIRE(file->execute(sql).has_value());
  }

  static constexpr std::string_view kKinds[] = {"k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "k10"};
  TempStore store;
  SystemClock clock;
  Loop loop{clock};
  std::unique_ptr<Journal> journal;
};

}  // namespace

TEST_CASE("facts are dropped at the beginning, in the middle and at the end, and others are read on") {
  Scene scene;
  REQUIRE(scene.drop(1, 3));
  CHECK(scene.kinds() == "k4 k5 k6 k7 k8 k9 k10 ");
  REQUIRE(scene.drop(6, 6));
  CHECK(scene.kinds() == "k4 k5 k7 k8 k9 k10 ");
  CHECK(scene.gaps() == 2);
  REQUIRE(scene.drop(4, 5));  // joins the gap before it
  CHECK(scene.gaps() == 2);
  REQUIRE(scene.drop(7, 8));
  CHECK(scene.kinds() == "k9 k10 ");
  REQUIRE(scene.drop(10, 10));
  CHECK(scene.kinds() == "k9 ");
  auto of_session = fakes::run(scene.loop, scene.journal->session_facts("s_a", "k9"));
  REQUIRE_MESSAGE(of_session, of_session.error().message);
  CHECK(of_session->size() == 1);
}

TEST_CASE("what is written behind a gap goes on from what was dropped, after a restart too") {
  Scene scene;
  REQUIRE(scene.drop(8, 10));
  const auto add = [&scene](std::string_view kind) {
    Append append;
    append.facts.push_back({"r_a", kind, 1, "{}"});
    REQUIRE(fakes::run(scene.loop, scene.journal->commit(std::move(append))));
  };
  add("later");
  CHECK(scene.kinds() == "k1 k2 k3 k4 k5 k6 k7 later ");
  REQUIRE(scene.drop(1, 11));
  fakes::run(scene.loop, scene.journal->close());
  scene.journal = std::move(*open_sqlite_journal(scene.loop, {.path = scene.store.directory()}));
  add("last");
  CHECK(scene.kinds() == "last ");
  CHECK(scene.gaps() == 1);
  auto of_session = fakes::run(scene.loop, scene.journal->session_facts("s_a", "last"));
  REQUIRE_MESSAGE(of_session, of_session.error().message);
  CHECK(of_session->size() == 1);
}

TEST_CASE(
    "facts of a run that has not ended, of no run and with no such numbers are refused, and nothing goes") {
  Scene scene;
  CHECK(scene.drop(1, 2, "r_none").error().code == ErrorCode::not_found);
  CHECK(scene.drop(0, 2).error().code == ErrorCode::not_found);
  CHECK(scene.drop(3, 2).error().code == ErrorCode::not_found);
  CHECK(scene.drop(9, 11).error().code == ErrorCode::not_found);
  REQUIRE(scene.drop(2, 4));
  CHECK(scene.drop(2, 4).error().code == ErrorCode::not_found);
  CHECK(scene.drop(3, 5).error().code == ErrorCode::not_found);
  CHECK(scene.kinds() == "k1 k5 k6 k7 k8 k9 k10 ");
  CHECK_FALSE(open_store_reader(scene.store.directory())->run("r_none").has_value());

  Scene open(false);
  CHECK(open.drop(1, 2).error().code == ErrorCode::busy);
  CHECK(open.kinds() == "k1 k2 k3 k4 k5 k6 k7 k8 k9 k10 ");
}

TEST_CASE("a gap that was damaged, lost or made larger is found") {
  const char* breaks[] = {
      "UPDATE log SET body = replace(body, '\"from\":3', '\"from\":2') WHERE type = 'log.dropped'",
      "UPDATE log SET body = '{' WHERE type = 'log.dropped'",
      "UPDATE log SET chain = chain + 1 WHERE type = 'log.dropped'",
      "DELETE FROM log WHERE type = 'log.dropped'",
      "DELETE FROM log WHERE type = 'k2'",
      "DELETE FROM log WHERE type = 'k6'",
  };
  for (const char* sql : breaks) {
    CAPTURE(std::string(sql));
    Scene scene;
    REQUIRE(scene.drop(3, 5));
    scene.change(sql);
    CHECK(scene.kinds().contains("the file was damaged"));
  }
}

#include "runtime/store/store_reader.h"

#include "tests/runtime/store/journal_contract.h"
#include "tests/runtime/store/temp_store.h"

#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::store;

namespace {

contract::MakeJournal make_in(const TempStore& store) {
  return [&store](Loop& loop) {
    auto opened = open_sqlite_journal(loop, {.path = store.directory()});
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
    return std::move(*opened);
  };
}

StoreReader reader_of(const std::string& directory) {
  auto reader = open_store_reader(directory);
  REQUIRE_MESSAGE(reader.has_value(), reader.error().message);
  return std::move(*reader);
}

template <class T>
T ok(Result<T> result) {
  REQUIRE_MESSAGE(result.has_value(), result.error().message);
  return std::move(*result);
}

void write_two_runs(contract::Bench& bench) {
  bench.commit(contract::start_of("s_abc1", "r_abc1", "m1"));
  bench.commit(contract::events_of("s_abc1", "r_abc1", 2));
  bench.commit(contract::end_of("s_abc1", "r_abc1"));
  bench.commit(contract::start_of("s_abd2", "r_abd2"));
}

void check_two_runs(StoreReader& reader) {
  CHECK(ok(reader.sessions("", 10)).size() == 2);
  CHECK(ok(reader.sessions("acme", 1)).front().id == "s_abd2");
  CHECK(ok(reader.runs("", "", 10)).size() == 2);
  CHECK(ok(reader.runs("", "s_abc1", 10)).size() == 1);
  CHECK(ok(reader.run("r_abc1")).status == "done");
  CHECK(ok(reader.run_events("r_abc1")).size() == 4);
  CHECK(ok(reader.events("s_abc1", 1, 2)).front().seq == 2);
  CHECK(ok(reader.facts("r_abd2")).size() == 1);
}

}  // namespace

TEST_CASE("a store is read while its owner writes: what was there, and what comes") {
  TempStore store;
  contract::Bench bench(make_in(store));
  write_two_runs(bench);
  StoreReader reader = reader_of(store.directory());
  check_two_runs(reader);

  bench.commit(contract::events_of("s_abd2", "r_abd2", 3));
  CHECK(ok(reader.events("s_abd2", 0, 100)).size() == 4);
  CHECK(ok(reader.session("s_abd2")).last_seq == 4);
}

TEST_CASE("a store that nobody has open is read, and left as it is") {
  TempStore store;
  {
    contract::Bench bench(make_in(store));
    write_two_runs(bench);
  }
  {
    StoreReader reader = reader_of(store.directory());
    check_two_runs(reader);
  }
  contract::Bench again(make_in(store));
  CHECK_FALSE(again.journal->unclean_start());
}

TEST_CASE("the store of a killed daemon is read with what it had committed last") {
  TempStore store;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    contract::Bench bench(make_in(store));
    write_two_runs(bench);
    raise(SIGKILL);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  StoreReader reader = reader_of(store.directory());
  check_two_runs(reader);
}

TEST_CASE("a copy on a read-only place is read by whoever may read it") {
  if (geteuid() != 0) {
    MESSAGE("skipped: needs root to become somebody who may not write");
    return;
  }
  TempStore store;
  {
    contract::Bench bench(make_in(store));
    write_two_runs(bench);
  }
  REQUIRE(chmod(store.root().c_str(), 0755) == 0);
  REQUIRE(chmod(store.directory().c_str(), 0555) == 0);
  REQUIRE(chmod(store.file().c_str(), 0444) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(2);
    auto reader = open_store_reader(store.directory());
    if (!reader) _exit(3);
    auto events = reader->events("s_abc1", 0, 100);
    _exit(events && events->size() == 4 ? 0 : 4);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("an id may be shortened as long as it means one thing") {
  TempStore store;
  contract::Bench bench(make_in(store));
  write_two_runs(bench);
  bench.commit(contract::start_of("s_abc1", "r_abc"));
  StoreReader reader = reader_of(store.directory());

  CHECK(ok(reader.run("r_abd")).id == "r_abd2");
  CHECK(ok(reader.run("r_abc1")).id == "r_abc1");
  CHECK(ok(reader.run("r_abc")).id == "r_abc");  // a whole id, though another begins so
  CHECK(ok(reader.session("s_abc")).id == "s_abc1");
  auto many = reader.run("r_ab");
  REQUIRE_FALSE(many.has_value());
  CHECK(many.error().code == ErrorCode::conflict);
  CHECK(many.error().message.find("r_abc1") != std::string::npos);
  for (const char* missing : {"r_x", "", "r_abc1x", "%", "_"}) {
    CAPTURE(missing);
    auto found = reader.run(missing);
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().code == ErrorCode::not_found);
  }
}

TEST_CASE("sessions come page by page, by their ids, whichever of them are still there") {
  TempStore store;
  contract::Bench bench(make_in(store));
  for (const char* id : {"s_2", "s_1", "s_3"}) {
    Append made;
    made.session = SessionRow{.id = id, .tenant = "acme", .target = "t"};
    bench.commit(std::move(made));
  }
  Append other;
  other.session = SessionRow{.id = "s_25", .tenant = "bravo", .target = "t"};
  bench.commit(std::move(other));
  StoreReader reader = reader_of(store.directory());
  const auto page = [&](const std::string& tenant, SessionPage wanted) {
    std::string ids;
    for (const SessionRow& row : ok(reader.sessions(tenant, wanted))) ids += row.id + " ";
    return ids;
  };
  CHECK(page("acme", {.limit = 9}) == "s_3 s_2 s_1 ");
  CHECK(page("", {.limit = 9}) == "s_3 s_25 s_2 s_1 ");
  CHECK(page("acme", {.limit = 2}) == "s_3 s_2 ");
  CHECK(page("acme", {.limit = 2, .before = "s_2"}) == "s_1 ");
  CHECK(page("acme", {.limit = 1, .after = "s_1"}) == "s_2 ");
  CHECK(page("acme", {.limit = 9, .after = "s_1"}) == "s_3 s_2 ");
  CHECK(page("acme", {.limit = 9, .before = "s_25"}) == "s_2 s_1 ");
  CHECK(page("acme", {.limit = 9, .after = "s_9"}).empty());
  CHECK(page("nobody", {.limit = 9}).empty());
  CHECK(page("acme' OR 1=1 --", {.limit = 9}).empty());
}

TEST_CASE("no store, and no journal in it, are told from a damaged one") {
  TempStore store;
  auto none = open_store_reader(store.directory());
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code == ErrorCode::not_found);
  CHECK(none.error().message.find(store.directory()) != std::string::npos);

  std::filesystem::create_directories(store.directory());
  std::ofstream(store.file()) << std::string(5000, 'x');
  auto damaged = open_store_reader(store.directory());
  REQUIRE_FALSE(damaged.has_value());
  CHECK(damaged.error().code == ErrorCode::store);
  CHECK(damaged.error().message.find(store.file()) != std::string::npos);
}

#include "runtime/store/backup.h"

#include "runtime/base/fault.h"
#include "runtime/store/audit_reader.h"
#include "runtime/store/journal.h"
#include "runtime/store/restore.h"
#include "runtime/store/store_reader.h"
#include "tests/fakes/temp_dir.h"
#include "tests/runtime/store/journal_contract.h"
#include "tests/runtime/store/temp_store.h"

#include <fstream>
#include <set>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::store;

namespace {

namespace fs = std::filesystem;

const CopyProgress kQuiet = [](std::int64_t, std::int64_t) {};

void append(const std::string& directory, const std::string& session, int times) {
  SystemClock clock;
  Loop loop(clock);
  auto journal = open_sqlite_journal(loop, {.path = directory});
  REQUIRE_MESSAGE(journal.has_value(), journal.error().message);
  for (int i = 0; i < times; ++i)
    REQUIRE(fakes::run(loop, (*journal)->commit(contract::events_of(session, "r_" + session, 2))));
  fakes::run(loop, (*journal)->close());
}

std::size_t events_in(const std::string& directory, const std::string& session) {
  auto reader = open_store_reader(directory);
  REQUIRE_MESSAGE(reader.has_value(), reader.error().message);
  auto events = reader->events(session, 0, 100'000);
  REQUIRE_MESSAGE(events.has_value(), events.error().message);
  return events->size();
}

std::string instance_of(const std::string& directory) {
  auto file = Database::open(directory + "/journal.db", Database::Mode::read);
  REQUIRE(file.has_value());
  return file->text("SELECT value FROM meta WHERE key = 'instance'").value().value_or("");
}

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

std::size_t set_aside_in(const std::string& directory) {
  std::size_t count = 0;
  for (const std::string& name : names_in(directory))
    count += name.starts_with("journal.db.before-") && !name.ends_with("-wal") && !name.ends_with("-shm");
  return count;
}

mode_t mode_of(const fs::path& path) {
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

struct Disarmed {
  ~Disarmed() { (void)arm_faults(""); }
};

/// A store with two events of s_a, and a backup of it; then two more.
struct Scene {
  Scene() {
    append(store.directory(), "s_a", 1);
    auto made = back_up(store.directory(), backup, {}, kQuiet);
    REQUIRE_MESSAGE(made.has_value(), made.error().message);
    append(store.directory(), "s_a", 1);
    REQUIRE(events_in(store.directory(), "s_a") == 4);
  }
  Result<RestoreSummary> put_back(const std::string& from) {
    auto lock = StoreLock::acquire(store.directory());
    REQUIRE(lock.has_value());
    return restore(*lock, from, store.directory(), "20261129T170000Z", kQuiet);
  }
  TempStore store;
  fakes::TempDir place;
  std::string backup = (place.path() / "backup").string();
};

}  // namespace

TEST_CASE("a backup has what was committed when it was made, is its owner's alone, and is a store itself") {
  Scene scene;
  CHECK(events_in(scene.backup, "s_a") == 2);
  CHECK(instance_of(scene.backup) == instance_of(scene.store.directory()));
  CHECK(mode_of(scene.backup) == 0700);
  CHECK(mode_of(scene.backup + "/journal.db") == 0600);
  CHECK_FALSE(fs::exists(scene.backup + ".partial"));
  auto reader = AuditReader::open(scene.backup);
  REQUIRE(reader.has_value());
  CHECK(reader->structure(false)->empty());
}

TEST_CASE("a backup beside a writer is of one moment, and the writer goes on meanwhile") {
  TempStore store;
  SystemClock clock;
  Loop loop(clock);
  auto journal = open_sqlite_journal(loop, {.path = store.directory()});
  REQUIRE(journal.has_value());
  for (int i = 0; i < 300; ++i) {
    Append more = contract::events_of("s_a", "r_a", 2);
    more.facts.push_back({"r_a", "model.reply", i, std::string(20'000, 'x')});
    REQUIRE(fakes::run(loop, (*journal)->commit(std::move(more))));
  }
  fakes::TempDir place;
  const std::string backup = (place.path() / "b").string();
  int steps = 0;
  auto made = back_up(store.directory(), backup, {}, [&](std::int64_t, std::int64_t) {
    ++steps;  // between two steps of the copy
    REQUIRE(fakes::run(loop, (*journal)->commit(contract::events_of("s_a", "r_a", 2))));
  });
  REQUIRE_MESSAGE(made.has_value(), made.error().message);
  CHECK(steps > 3);
  CHECK(events_in(backup, "s_a") == 600);
  CHECK(fakes::run(loop, (*journal)->last_seq("s_a")) == 600 + 2 * steps);
  fakes::run(loop, (*journal)->close());
}

TEST_CASE("documents of knowledge bases are copied with the journal, nothing else is") {
  TempStore store;
  append(store.directory(), "s_a", 1);
  {
    auto knowledge = Database::open(store.directory() + "/knowledge.db", Database::Mode::create);
    REQUIRE(knowledge->execute("CREATE TABLE documents(a); INSERT INTO documents VALUES(7)"));
    std::ofstream(store.directory() + "/cache.db") << "replies";
  }
  fakes::TempDir place;
  const std::string backup = (place.path() / "b").string();
  auto made = back_up(store.directory(), backup, {}, kQuiet);
  REQUIRE(made.has_value());
  CHECK(made->files == std::vector<std::string>{"journal.db", "knowledge.db"});
  CHECK(names_in(backup) == std::set<std::string>{"journal.db", "knowledge.db"});
}

TEST_CASE("a name that is taken is refused; with force an earlier backup is replaced, and nothing else") {
  Scene scene;
  auto taken = back_up(scene.store.directory(), scene.backup, {}, kQuiet);
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().code == ErrorCode::conflict);
  CHECK(events_in(scene.backup, "s_a") == 2);

  REQUIRE(back_up(scene.store.directory(), scene.backup + "/", {.force = true}, kQuiet).has_value());
  CHECK(events_in(scene.backup, "s_a") == 4);
  CHECK_FALSE(fs::exists(scene.backup + ".partial"));

  const fs::path other = scene.place.path() / "photos";
  fs::create_directory(other);
  std::ofstream(other / "cat.jpg") << "x";
  auto refused = back_up(scene.store.directory(), other.string(), {.force = true}, kQuiet);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK(names_in(other) == std::set<std::string>{"cat.jpg"});
}

TEST_CASE("a backup that fails leaves no half of one, and the earlier one as it was") {
  Scene scene;
  Disarmed disarmed;
  for (const char* fault : {"copy.step:1:enospc", "backup.named:1:eio"}) {
    CAPTURE(fault);
    REQUIRE(arm_faults(fault));
    auto failed = back_up(scene.store.directory(), scene.backup, {.force = true}, kQuiet);
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == ErrorCode::store);
    CHECK(events_in(scene.backup, "s_a") == 2);
    CHECK_FALSE(fs::exists(scene.backup + ".partial"));
    REQUIRE(arm_faults(""));
  }
  const std::string fresh = (scene.place.path() / "fresh").string();
  REQUIRE(arm_faults("copy.step:1:enospc"));
  REQUIRE_FALSE(back_up(scene.store.directory(), fresh, {}, kQuiet).has_value());
  CHECK_FALSE(fs::exists(fresh));
  CHECK_FALSE(fs::exists(fresh + ".partial"));
}

TEST_CASE("a backup that was killed leaves nothing under its name, and the next one takes its remains away") {
  Scene scene;
  const std::string fresh = (scene.place.path() / "fresh").string();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    (void)arm_faults("backup.named:1:exit137");
    (void)back_up(scene.store.directory(), fresh, {}, kQuiet);
    _exit(1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 137);
  CHECK_FALSE(fs::exists(fresh));
  CHECK(fs::exists(fresh + ".partial"));
  REQUIRE(back_up(scene.store.directory(), fresh, {}, kQuiet).has_value());
  CHECK(events_in(fresh, "s_a") == 4);
  CHECK_FALSE(fs::exists(fresh + ".partial"));
}

TEST_CASE("what cannot be backed up is named: no store, another program's file, a newer schema, damage") {
  TempStore store;
  fakes::TempDir place;
  const std::string backup = (place.path() / "b").string();
  const auto refused = [&] {
    auto made = back_up(store.directory(), backup, {}, kQuiet);
    REQUIRE_FALSE(made.has_value());
    CHECK_FALSE(fs::exists(backup));
    return made.error();
  };
  CHECK(refused().code == ErrorCode::not_found);
  append(store.directory(), "s_a", 100);
  const auto edit = [&](const char* sql) {
    auto file = Database::open(store.file(), Database::Mode::write);
    REQUIRE(file->execute(sql));
  };
  edit("UPDATE meta SET value = 99 WHERE key = 'schema'");
  CHECK(refused().message.contains("newer version"));
  edit("UPDATE meta SET value = 3 WHERE key = 'schema'; PRAGMA application_id = 7");
  CHECK(refused().message.contains("another program"));
}

TEST_CASE("a restore puts the backup in place and sets aside what was there, which can still be opened") {
  Scene scene;
  auto done = scene.put_back(scene.backup);
  REQUIRE_MESSAGE(done.has_value(), done.error().message);
  CHECK(events_in(scene.store.directory(), "s_a") == 2);
  REQUIRE(done->set_aside.size() == 1);
  auto old = Database::open(done->set_aside.front(), Database::Mode::read);
  CHECK(old->integer("SELECT count(*) FROM log").value() == 4);
  append(scene.store.directory(), "s_a", 1);
  CHECK(events_in(scene.store.directory(), "s_a") == 4);
  CHECK(mode_of(scene.store.file()) == 0600);

  // Twice within a second: nothing is written over.
  REQUIRE(scene.put_back(scene.backup).has_value());
  CHECK(set_aside_in(scene.store.directory()) == 2);
  CHECK(events_in(scene.backup, "s_a") == 2);
}

TEST_CASE("a write-ahead log that belonged to the old journal is not taken for one of the new") {
  Scene scene;
  const pid_t child = fork();  // a process that leaves a WAL behind
  REQUIRE(child >= 0);
  if (child == 0) {
    SystemClock clock;
    Loop loop(clock);
    auto journal = open_sqlite_journal(loop, {.path = scene.store.directory()});
    if (!journal || !fakes::run(loop, (*journal)->commit(contract::events_of("s_wal", "r_wal", 2)))) _exit(1);
    raise(SIGKILL);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(fs::file_size(scene.store.file() + "-wal") > 0);

  auto done = scene.put_back(scene.backup);
  REQUIRE(done.has_value());
  CHECK_FALSE(fs::exists(scene.store.file() + "-wal"));
  CHECK(events_in(scene.store.directory(), "s_wal") == 0);
  auto old = Database::open(done->set_aside.front(), Database::Mode::write);
  CHECK(old->integer("SELECT count(*) FROM log").value() == 6);
}

TEST_CASE("a restore that is killed leaves the old store or, once it has begun to change it, the new one") {
  struct Stage {
    const char* fault;
    std::size_t events;
  };
  for (const Stage& stage : {Stage{"copy.step:1:exit137", 4}, Stage{"restore.copied:1:exit137", 4},
                             Stage{"restore.noted:1:exit137", 2}, Stage{"restore.aside:1:exit137", 2},
                             Stage{"restore.placing:1:exit137", 2}, Stage{"restore.placed:1:exit137", 2}}) {
    CAPTURE(stage.fault);
    Scene scene;
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      (void)arm_faults(stage.fault);
      auto lock = StoreLock::acquire(scene.store.directory());
      if (lock) (void)restore(*lock, scene.backup, scene.store.directory(), "20261129T170000Z", kQuiet);
      _exit(1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WEXITSTATUS(status) == 137);
    const bool pending = restore_pending(scene.store.directory());
    CHECK(pending == (stage.events == 2));
    if (pending) {
      auto reader = open_store_reader(scene.store.directory());
      REQUIRE_FALSE(reader.has_value());
      CHECK(reader.error().message.contains("restore was interrupted"));
    }
    append(scene.store.directory(), "s_b", 1);  // as `troupe serve` opens it
    CHECK(events_in(scene.store.directory(), "s_a") == stage.events);
    CHECK(set_aside_in(scene.store.directory()) == (pending ? 1 : 0));
    CHECK_FALSE(restore_pending(scene.store.directory()));
  }
}

TEST_CASE("a backup that is damaged, newer or none is not put in the place of a store") {
  Scene scene;
  SUBCASE("nothing there") {
    fs::remove(scene.backup + "/journal.db");
  }
  SUBCASE("not a database") {
    std::ofstream(scene.backup + "/journal.db", std::ios::trunc) << std::string(9000, 'x');
  }
  SUBCASE("an empty file") {
    std::ofstream(scene.backup + "/journal.db", std::ios::trunc).flush();
  }
  SUBCASE("a newer schema") {
    auto file = Database::open(scene.backup + "/journal.db", Database::Mode::write);
    REQUIRE(file->execute("UPDATE meta SET value = 99 WHERE key = 'schema'"));
  }
  SUBCASE("cut") {
    fs::resize_file(scene.backup + "/journal.db", fs::file_size(scene.backup + "/journal.db") / 2);
  }
  SUBCASE("the disk is full") {
    REQUIRE(arm_faults("copy.step:1:enospc"));
  }
  Disarmed disarmed;
  auto done = scene.put_back(scene.backup);
  REQUIRE_FALSE(done.has_value());
  CHECK(events_in(scene.store.directory(), "s_a") == 4);
  CHECK(set_aside_in(scene.store.directory()) == 0);
  for (const std::string& name : names_in(scene.store.directory())) CHECK_FALSE(name.contains(".restore"));
}

TEST_CASE("a restore into an empty place makes the store there") {
  Scene scene;
  fakes::TempDir empty;
  const std::string directory = (empty.path() / "store").string();
  auto lock = StoreLock::acquire(directory);
  REQUIRE(lock.has_value());
  REQUIRE(restore(*lock, scene.backup, directory, "20261129T170000Z", kQuiet).has_value());
  CHECK(events_in(directory, "s_a") == 2);
  CHECK(set_aside_in(directory) == 0);
}

TEST_CASE("a store is never taken for a backup that may be replaced, neither itself nor another") {
  Scene scene;
  fakes::TempDir other;
  append((other.path() / "store").string(), "s_2", 1);
  std::ofstream(other.path() / "store" / "lock") << "1";
  for (const std::string& target : {scene.store.directory(), (other.path() / "store").string()}) {
    CAPTURE(target);
    auto refused = back_up(scene.store.directory(), target, {.force = true}, kQuiet);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::conflict);
    CHECK_FALSE(fs::exists(target + ".partial"));
  }
  CHECK(events_in((other.path() / "store").string(), "s_2") > 0);
}

// A disk that is full or broken for a while, and processes that are killed.
#include "runtime/base/fault.h"
#include "runtime/base/limits.h"
#include "runtime/store/journal.h"
#include "runtime/store/reader_pool.h"
#include "runtime/store/sqlite.h"
#include "runtime/store/store_reader.h"
#include "runtime/telemetry/log.h"
#include "tests/runtime/store/disk_faults.h"
#include "tests/runtime/store/journal_contract.h"
#include "tests/runtime/store/temp_store.h"

#include <cerrno>
#include <fstream>
#include <map>
#include <random>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::store;

namespace {

/// Errors of the log that a test provokes are not for the reader of the test's output.
struct Quiet {
  Quiet() { log::configure(log::Level::off, log::Format::text); }
  ~Quiet() { log::configure(log::Level::error, log::Format::text); }
};

contract::MakeJournal make_in(const TempStore& store, Sync sync = Sync::normal) {
  return [&store, sync](Loop& loop) {
    auto opened = open_sqlite_journal(loop, {.path = store.directory(), .sync = sync});
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
    return std::move(*opened);
  };
}

/// Waits until the journal says so about its disk.
Task<bool> paused_becomes(Loop& loop, Journal& journal, bool wanted) {
  Stop stop;
  const Instant until = loop.clock().now() + fakes::kMaxTestWait / 2;
  while (journal.paused() != wanted && loop.clock().now() < until)
    co_await loop.sleep_for(Milliseconds(2), stop);
  co_return journal.paused() == wanted;
}

Task<> commit_and_note(Journal& journal, Append append, std::vector<int>& order, int number, bool& ok) {
  auto result = co_await journal.commit(std::move(append));
  if (!result) ok = false;
  order.push_back(number);
}

}  // namespace

TEST_CASE(
    "while the disk is full appends wait, nothing is lost or overtaken, and they go on when there is space") {
  Quiet quiet;
  int error = 0;
  SUBCASE("no space left") {
    error = ENOSPC;
  }
  SUBCASE("input/output error") {
    error = EIO;
  }
  TempStore store;
  contract::Bench bench(make_in(store));
  Journal& journal = *bench.journal;
  bench.commit(contract::events_of("s_a", "r_a", 1));
  contract::Collector seen;
  auto subscription = journal.subscribe("s_a", seen);
  DiskFaults disk;
  disk.fail_writes(error);

  std::vector<int> order;
  bool all_stored = true;
  Nursery nursery(bench.loop);
  for (int i = 0; i < 20; ++i) {
    nursery.spawn("appender", [&, i] {
      return commit_and_note(journal, contract::events_of("s_a", "r_a", 1), order, i, all_stored);
    });
  }
  REQUIRE(bench.run(paused_becomes(bench.loop, journal, true)));
  std::string reason;
  REQUIRE(journal.paused(&reason));
  CHECK(reason.find(store.file()) != std::string::npos);
  CHECK(reason.find(error == ENOSPC ? "full" : "I/O") != std::string::npos);
  CHECK(order.empty());
  CHECK(seen.frames.empty());
  CHECK(bench.ok(journal.read_events("s_a", 0, 100)).size() == 1);  // what is stored can be read meanwhile

  disk.fail_writes(0);
  fakes::run(bench.loop, contract::join(nursery));
  CHECK(all_stored);
  CHECK_FALSE(journal.paused());
  CHECK(disk.failed() > 0);
  REQUIRE(order.size() == 20);
  for (int i = 0; i < 20; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
  REQUIRE(seen.frames.size() == 20);
  auto frames = bench.ok(journal.read_events("s_a", 0, 100));
  REQUIRE(frames.size() == 21);
  for (std::size_t i = 0; i < 20; ++i) CHECK(*frames[i + 1].text == *seen.frames[i].text);
}

TEST_CASE("a fault point makes a commit fail once; it is tried again") {
  Quiet quiet;
  TempStore store;
  contract::Bench bench(make_in(store));
  REQUIRE(arm_faults("journal.commit:2-4:enospc,journal.commit:6:eio").has_value());
  for (int i = 0; i < 4; ++i) bench.commit(contract::events_of("s_a", "r_a", 2));
  REQUIRE(arm_faults("").has_value());
  CHECK(bench.ok(bench.journal->last_seq("s_a")) == 8);
  CHECK_FALSE(bench.journal->paused());
}

TEST_CASE("closing a journal that waits for the disk fails what waits, and ends") {
  Quiet quiet;
  TempStore store;
  {
    contract::Bench bench(make_in(store));
    Journal& journal = *bench.journal;
    bench.commit(contract::events_of("s_a", "r_a", 1));
    REQUIRE(arm_faults("journal.commit:1+:eio").has_value());
    std::vector<int> order;
    bool stored = true;
    Nursery nursery(bench.loop);
    nursery.spawn("appender", [&] {
      return commit_and_note(journal, contract::events_of("s_a", "r_a", 1), order, 1, stored);
    });
    REQUIRE(bench.run(paused_becomes(bench.loop, journal, true)));
    fakes::run(bench.loop, journal.close());
    fakes::run(bench.loop, contract::join(nursery));
    CHECK_FALSE(stored);
  }
  REQUIRE(arm_faults("").has_value());

  contract::Bench again(make_in(store));
  CHECK(again.journal->unclean_start());  // the next start looks closely
  CHECK(again.ok(again.journal->last_seq("s_a")) == 1);
}

TEST_CASE("nothing is published before another connection can read it") {
  TempStore store;
  contract::Bench bench(make_in(store));
  auto reader = open_store_reader(store.directory());
  REQUIRE_MESSAGE(reader.has_value(), reader.error().message);
  contract::Collector seen;
  int readable = 0;
  seen.then = [&](const Frame& frame) {
    auto stored = reader->events("s_a", frame.seq - 1, 1);
    if (stored && stored->size() == 1 && *stored->front().text == *frame.text) ++readable;
  };
  auto subscription = bench.journal->subscribe("s_a", seen);
  for (int i = 0; i < 30; ++i) bench.commit(contract::events_of("s_a", "r_a", 3));
  CHECK(readable == 90);
}

TEST_CASE("an append that cannot be stored fails alone: the rest of its group is committed") {
  TempStore store;
  contract::Bench bench(make_in(store));
  Journal& journal = *bench.journal;
  bench.commit(contract::start_of("s_a", "r_0", "m"));
  // The writer is held up, so that all of these become one group.
  REQUIRE(arm_faults("journal.begin:1:delay:100").has_value());
  std::vector<int> order;
  bool good = true, bad = true;
  Nursery nursery(bench.loop);
  const auto spawn = [&](Append append, int number, bool& ok) {
    auto shared = std::make_shared<Append>(std::move(append));
    nursery.spawn("appender", [&, shared, number] {
      return commit_and_note(journal, std::move(*shared), order, number, ok);
    });
  };
  spawn(contract::events_of("s_b", "r_b", 1), 0, good);
  for (int i = 1; i <= 10; ++i) spawn(contract::events_of("s_a", "r_0", 1), i, good);
  spawn(contract::start_of("s_a", "r_1", "m"), 11, bad);
  for (int i = 13; i <= 20; ++i) spawn(contract::events_of("s_a", "r_0", 1), i, good);
  fakes::run(bench.loop, contract::join(nursery));
  REQUIRE(arm_faults("").has_value());

  CHECK(good);
  CHECK_FALSE(bad);
  auto frames = bench.ok(journal.read_events("s_a", 0, 100));
  REQUIRE(frames.size() == 19);
  for (std::size_t i = 0; i < frames.size(); ++i) CHECK(frames[i].seq == static_cast<std::int64_t>(i + 1));
  CHECK_FALSE(bench.ok(journal.find_run("r_1")).has_value());
}

TEST_CASE("an event beyond every limit is refused, and leaves no trace") {
  TempStore store;
  contract::Bench bench(make_in(store));
  Append huge = contract::events_of("s_a", "r_a", 2);
  huge.events[1].fields["text"] = std::string(limits::kJsonBytes + 1, 'x');
  auto refused = bench.run(bench.journal->commit(std::move(huge)));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::too_large);
  bench.commit(contract::events_of("s_a", "r_a", 1));
  CHECK(bench.ok(bench.journal->read_events("s_a", 0, 10)).size() == 1);
}

TEST_CASE("the disk is synced as often as `sync` promises, and no more") {
  TempStore store;
  const auto syncs_of = [](contract::Bench& bench, bool barrier) {
    bench.commit(contract::events_of("s_a", "r_a", 1));
    const int before = syncs();
    for (int i = 0; i < 10; ++i) {
      Append append = contract::events_of("s_a", "r_a", 1);
      append.barrier = barrier;
      bench.commit(std::move(append));
    }
    return syncs() - before;
  };
  SUBCASE("normal: never for a commit") {
    contract::Bench bench(make_in(store, Sync::normal));
    CHECK(syncs_of(bench, true) == 0);
  }
  SUBCASE("barriers: for each barrier") {
    contract::Bench bench(make_in(store, Sync::barriers));
    CHECK(syncs_of(bench, false) == 0);
    CHECK(syncs_of(bench, true) == 10);
    CHECK(syncs_of(bench, false) == 0);
  }
  SUBCASE("full: for each commit") {
    contract::Bench bench(make_in(store, Sync::full));
    CHECK(syncs_of(bench, false) == 10);
  }
}

TEST_CASE("the write-ahead log stays bounded while nobody stops writing") {
  TempStore store;
  contract::Bench bench(make_in(store));
  std::uintmax_t largest = 0;
  for (int i = 0; i < 70; ++i) {
    Append append;
    append.facts.push_back({"r_a", "model.reply", i, std::string(1 << 20, 'x')});
    bench.commit(std::move(append));
    largest = std::max(largest, std::filesystem::file_size(store.file() + "-wal"));
  }
  CHECK(largest < 80u << 20);
  CHECK(bench.ok(bench.journal->read_facts("r_a")).size() == 70);
}

TEST_CASE(
    "a reader that does not end holds the write-ahead log, not the writer; once it is gone the log is "
    "short") {
  TempStore store;
  contract::Bench bench(make_in(store));
  bench.commit(contract::events_of("s_a", "r_a", 1));
  const auto wal = [&store] { return std::filesystem::file_size(store.file() + "-wal"); };
  const auto write = [&bench](int appends) {
    std::chrono::steady_clock::duration longest{};
    for (int i = 0; i < appends; ++i) {
      Append append;
      append.facts.push_back({"r_a", "model.reply", i, std::string(1 << 20, 'x')});
      const auto began = std::chrono::steady_clock::now();
      bench.commit(std::move(append));
      longest = std::max(longest, std::chrono::steady_clock::now() - began);
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(longest).count();
  };
  auto reader = Database::open(store.file(), Database::Mode::read);
  REQUIRE(reader.has_value());
  REQUIRE(reader->execute("BEGIN; SELECT count(*) FROM log"));

  MESSAGE("the slowest of 80 appends of 1 MiB beside it: ", write(80), " ms");
  CHECK(wal() > 64u << 20);
  CHECK_FALSE(bench.journal->paused());
  reader->rollback();
  write(8);
  CHECK(wal() < 16u << 20);
  CHECK(bench.ok(bench.journal->read_facts("r_a")).size() == 88);
}

TEST_CASE("a query that takes too long is given up, so that it does not hold the write-ahead log") {
  TempStore store;
  SystemClock clock;
  Loop loop(clock);
  auto journal = open_sqlite_journal(loop, {.path = store.directory()});
  REQUIRE(journal.has_value());
  ReaderPool readers(loop, store.file());
  const auto began = std::chrono::steady_clock::now();
  auto endless = fakes::run(loop, readers.read([](Database& database) {
    return database.integer(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n");
  }));
  REQUIRE_FALSE(endless.has_value());
  CHECK(endless.error().code == ErrorCode::timeout);
  CHECK(std::chrono::steady_clock::now() - began >= limits::kReadTime);
  readers.close();
  fakes::run(loop, (*journal)->close());
}

namespace {

/// On a file system of 8 MiB, half of it taken: 0 when the journal waited while it was full and stored
/// everything once the other half was free; 77 where a file system cannot be mounted.
int fill_a_small_disk(const TempStore& store) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 77;
  if (mount("tmpfs", store.root().c_str(), "tmpfs", 0, "size=8m") != 0) return 77;
  const std::string ballast = store.root() + "/ballast";
  std::ofstream(ballast) << std::string(4 << 20, 'b');

  SystemClock clock;
  Loop loop(clock);
  auto journal = open_sqlite_journal(loop, {.path = store.directory()});
  if (!journal) return 1;
  std::vector<int> order;
  bool stored = true;
  // As groups: more than four megabytes, less than eight with what the checkpoint adds.
  constexpr int kAppends = 250;
  Nursery nursery(loop);
  for (int i = 0; i < kAppends; ++i) {
    nursery.spawn("appender", [&, i] {
      Append append = contract::events_of("s_a", "r_a", 1);
      append.facts.push_back({"r_a", "model.reply", i, std::string(20'000, 'x')});
      return commit_and_note(**journal, std::move(append), order, i, stored);
    });
  }
  if (!fakes::run(loop, paused_becomes(loop, **journal, true))) return 2;
  std::filesystem::remove(ballast);
  fakes::run(loop, contract::join(nursery));
  if (!stored || order.size() != kAppends || (*journal)->paused()) return 3;
  auto frames = fakes::run(loop, (*journal)->read_events("s_a", 0, 10'000));
  auto facts = fakes::run(loop, (*journal)->read_facts("r_a"));
  fakes::run(loop, (*journal)->close());
  return frames && facts && frames->size() == kAppends && facts->size() == kAppends ? 0 : 4;
}

}  // namespace

TEST_CASE("a file system that runs full holds the journal up and loses nothing") {
  Quiet quiet;
  TempStore store;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(fill_a_small_disk(store));
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) {
    MESSAGE("skipped: mounting a file system is not allowed here");
    return;
  }
  CHECK(WEXITSTATUS(status) == 0);
}

namespace {

/// A process that appends as fast as it can to four sessions, and says on `out` which (session, seq) was
/// acknowledged and which was published.
[[noreturn]] void append_until_killed(const TempStore& store, int out) {
  struct Line {
    char kind;
    char session;
    std::int64_t seq;
  };
  struct Reporter final : Subscriber {
    int out = -1;
    void on_frame(const Frame& frame) override {
      const Line line{'p', frame.session.back(), frame.seq};
      if (write(out, &line, sizeof line) != sizeof line) _exit(1);
    }
  };
  SystemClock clock;
  Loop loop(clock);
  auto journal = open_sqlite_journal(loop, {.path = store.directory()});
  if (!journal) _exit(2);
  Reporter reporter;
  reporter.out = out;
  int failures = 0;
  std::vector<std::unique_ptr<Journal::Subscription>> subscriptions;
  Nursery nursery(loop);
  for (char name = 'a'; name <= 'd'; ++name) {
    const std::string session = std::string("s_") + name;
    subscriptions.push_back((*journal)->subscribe(session, reporter));
    for (int writer = 0; writer < 3; ++writer) {
      nursery.spawn("appender", [&journal, session, writer, &failures] {
        return contract::append_many(**journal, session, "r_" + session + std::to_string(writer), 1 << 30,
                                     failures);
      });
    }
  }
  loop.run();
  _exit(3);
}

}  // namespace

TEST_CASE(
    "kill -9 at any moment: everything that was shown is there, numbered without a gap, 40 times over") {
  Quiet quiet;
  TempStore store;
  const unsigned seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  std::map<char, std::int64_t> shown;
  std::map<char, std::int64_t> verified;

  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      close(pipe_ends[0]);
      append_until_killed(store, pipe_ends[1]);
    }
    close(pipe_ends[1]);
    // A number of frames rather than a time: every round gets going, on a busy machine too.
    const int frames = std::uniform_int_distribution(1, 400)(random);
    struct {
      char kind;
      char session;
      std::int64_t seq;
    } line{};
    for (int seen = 0; read(pipe_ends[0], &line, sizeof line) == sizeof line;) {
      shown[line.session] = std::max(shown[line.session], line.seq);
      if (++seen == frames) {
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));
        kill(child, SIGKILL);
      }
    }
    close(pipe_ends[0]);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));

    contract::Bench bench(make_in(store));
    CHECK(bench.journal->unclean_start());
    for (const auto& [name, seq] : shown) {
      const std::string session = std::string("s_") + name;
      CHECK(bench.ok(bench.journal->last_seq(session)) >= seq);
      // Every event is read once, and held against the chain from the event before it.
      std::int64_t& last = verified[name];
      for (bool more = true; more;) {
        auto page = bench.ok(bench.journal->read_events(session, last, 500));
        for (const Frame& frame : page) REQUIRE(frame.seq == ++last);
        more = !page.empty();
      }
      CHECK(last >= seq);
      if (round % 10 != 9) continue;
      // An append has one event and one fact: both or none.
      std::size_t facts = 0;
      for (int writer = 0; writer < 3; ++writer)
        facts += bench.ok(bench.journal->read_facts("r_" + session + std::to_string(writer))).size();
      CHECK(static_cast<std::int64_t>(facts) == last);
    }
  }
  CHECK(shown.size() == 4);
}

TEST_CASE("a crash at each boundary of a commit leaves all of it or nothing, and never less than was shown") {
  Quiet quiet;
  for (const char* point :
       {"journal.queue", "journal.begin", "journal.commit", "journal.committed", "journal.posted"}) {
    CAPTURE(point);
    TempStore store;
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      SystemClock clock;
      Loop loop(clock);
      auto journal = open_sqlite_journal(loop, {.path = store.directory()});
      if (!journal || !arm_faults(std::string(point) + ":3:exit137")) _exit(1);
      for (int i = 0; i < 10; ++i) fakes::run(loop, (*journal)->commit(contract::events_of("s_a", "r_a", 2)));
      _exit(2);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 137);

    contract::Bench bench(make_in(store));
    const std::string name = point;
    const std::size_t expected = name == "journal.committed" || name == "journal.posted" ? 6 : 4;
    CHECK(bench.ok(bench.journal->read_events("s_a", 0, 100)).size() == expected);
  }
}

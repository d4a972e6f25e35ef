// What the next process finds of what an earlier one sent, wherever that one ended.
#include "tests/fakes/temp_dir.h"
#include "tests/runtime/bus/bus_bench.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::bus;

namespace {

/// One process: a loop, the journal of the store, a bus, and the room entered. It ends without a word to the
/// bus; what was queued to the journal is written.
class Process {
 public:
  using MakeJournal = std::function<std::unique_ptr<store::Journal>(Loop&)>;

  explicit Process(const MakeJournal& make) : journal(make(loop)), bus(make_local_bus(loop, *journal)) {
    if (run(journal->last_seq("s_1")) == 0) {
      store::Append begin;
      begin.events.push_back({.type = "run.started", .session = "s_1", .run = "r_1"});
      begin.run = store::RunRow{.id = "r_1", .session = "s_1", .tenant = "acme", .status = "running"};
      REQUIRE(run(journal->commit(std::move(begin))));
    }
    auto entered = run<Result<>>(bus->enter(room()));
    REQUIRE_MESSAGE(entered.has_value(), entered.error().message);
  }
  ~Process() {
    inboxes.clear();
    bus.reset();
    run(journal->close());
  }

  template <class T>
  T run(Task<T> task) {
    return fakes::run<T>(loop, std::move(task));
  }
  void run(Task<> task) { fakes::run(loop, std::move(task)); }

  Inbox& open(const std::string& address) {
    auto inbox = bus->open(room(), address, {});
    REQUIRE_MESSAGE(inbox.has_value(), inbox.error().message);
    return *inboxes.emplace_back(std::move(*inbox));
  }
  Result<Sent> send(Message message) { return run(bus->send(std::move(message), stop)); }
  std::string received(Inbox& inbox) {
    std::string ids;
    while (inbox.waiting() > 0) ids += (ids.empty() ? "" : " ") + run(inbox.receive(stop))->id;
    return ids;
  }

  Stop stop;
  ShiftedClock clock;
  Loop loop{clock};
  std::unique_ptr<store::Journal> journal;
  std::unique_ptr<Bus> bus;
  std::vector<std::unique_ptr<Inbox>> inboxes;
};

Process::MakeJournal sqlite_in(const fakes::TempDir& dir) {
  return [path = (dir.path() / "store").string()](Loop& loop) {
    auto journal = store::open_sqlite_journal(loop, {.path = path});
    REQUIRE_MESSAGE(journal.has_value(), journal.error().message);
    return std::move(*journal);
  };
}

const Message kTask = task("m1", "boss", "worker");

}  // namespace

TEST_CASE("a message that the journal did not take is not delivered, and can be sent by the next process") {
  fakes::TempDir dir;
  {
    Process first(sqlite_in(dir));
    Inbox& worker = first.open("worker");
    first.run(first.journal->close());
    auto sent = first.send(kTask);
    REQUIRE_FALSE(sent);
    CHECK(sent.error().code == ErrorCode::store);
    CHECK(worker.waiting() == 0);
  }
  Process next(sqlite_in(dir));
  Inbox& worker = next.open("worker");
  CHECK(worker.waiting() == 0);
  CHECK_FALSE(next.send(kTask)->duplicate);
  CHECK(next.received(worker) == "m1");
}

TEST_CASE("a message that was committed is delivered by the next process until somebody is done with it") {
  fakes::TempDir dir;
  bool taken = false;
  bool done = false;
  SUBCASE("nobody had taken it") {}
  SUBCASE("somebody had taken it") {
    taken = true;
  }
  SUBCASE("somebody was done with it") {
    taken = done = true;
  }
  {
    Process first(sqlite_in(dir));
    Inbox& worker = first.open("worker");
    REQUIRE(first.send(kTask));
    REQUIRE(first.send(note("m2", "boss", "worker")));
    if (taken) CHECK(first.received(worker) == "m1 m2");
    if (done) worker.done("m1");
    if (done) worker.done("m1");  // twice is once
    if (done) worker.done("m7");  // nobody sent
  }
  for (int process = 0; process < 2; ++process) {
    Process next(sqlite_in(dir));
    CHECK(next.send(kTask)->duplicate);  // while nobody is there
    Inbox& worker = next.open("worker");
    CHECK(next.received(worker) == (done ? "m2" : "m1 m2"));
  }
}

TEST_CASE("a task that was replied to is not delivered again, and its request has that same reply") {
  fakes::TempDir dir;
  bool replied = true;
  {
    Process first(sqlite_in(dir));
    Inbox& worker = first.open("worker");
    REQUIRE(first.send(kTask));
    CHECK(first.received(worker) == "m1");
    SUBCASE("the reply was committed") {
      REQUIRE(first.send(reply("m2", kTask, "42")));
    }
    SUBCASE("the reply was not") {
      replied = false;
      first.run(first.journal->close());
      CHECK(first.send(reply("m2", kTask, "42")).error().code == ErrorCode::store);
    }
  }
  Process next(sqlite_in(dir));
  Inbox& worker = next.open("worker");
  CHECK(next.received(worker) == (replied ? "" : "m1"));
  CHECK(next.send(reply("m2", kTask, "42"))->duplicate == replied);
  auto answer = next.run(next.bus->request(kTask, next.stop));
  REQUIRE_MESSAGE(answer.has_value(), answer.error().message);
  CHECK(answer->text == "42");
  CHECK(answer->id == "m2");
}

TEST_CASE("a request that was not replied to is waited for by the next process, not sent again") {
  fakes::TempDir dir;
  {
    Process first(sqlite_in(dir));
    first.open("worker");
    REQUIRE(first.send(kTask));
  }
  Process next(sqlite_in(dir));
  Inbox& worker = next.open("worker");
  Nursery nursery(next.loop);
  nursery.spawn("worker", [&]() -> Task<> {
    auto asked = co_await worker.receive(next.stop);
    (void)co_await next.bus->send(reply("m2", *asked, "late"), next.stop);
  });
  auto answer = next.run(next.bus->request(kTask, next.stop));
  CHECK(answer->text == "late");
  next.run(nursery.join());
  CHECK(next.run(next.journal->read_run_events("r_1"))->size() == 3);  // its start, the task, the reply
}

TEST_CASE("a dead letter stays one: it is not delivered again, and its request fails as it did") {
  fakes::TempDir dir;
  Message late = kTask;
  {
    Process first(sqlite_in(dir));
    Inbox& worker = first.open("worker");
    late.deadline_ms = first.clock.wall_ms() + 60'000;
    REQUIRE(first.send(late));
    first.clock.shift_ms = 60'001;
    REQUIRE(first.send(note("m2", "boss", "worker")));
    CHECK(first.received(worker) == "m2");
    CHECK(first.run(first.bus->dead_letters("acme", 5))->size() == 1);
  }
  Process next(sqlite_in(dir));
  CHECK(next.run(next.bus->dead_letter("acme", "m1"))->reason == DeadReason::expired);
  Inbox& worker = next.open("worker");
  CHECK(next.received(worker) == "m2");
  auto answer = next.run(next.bus->request(late, next.stop));
  CHECK(answer.error().code == ErrorCode::timeout);
}

TEST_CASE("a message that became too late between two processes is a dead letter of the second") {
  fakes::TempDir dir;
  Message late = kTask;
  {
    Process first(sqlite_in(dir));
    first.open("worker");
    late.deadline_ms = first.clock.wall_ms() + 60'000;
    REQUIRE(first.send(late));
  }
  Process next(sqlite_in(dir));
  next.clock.shift_ms = 60'001;
  Inbox& worker = next.open("worker");
  REQUIRE(next.send(note("m2", "boss", "worker")));
  CHECK(next.received(worker) == "m2");
  CHECK(next.run(next.bus->dead_letter("", "m1"))->reason == DeadReason::expired);
}

TEST_CASE("a topic's message is delivered again to those it went to, not to who subscribed since") {
  fakes::TempDir dir;
  {
    Process first(sqlite_in(dir));
    Inbox& a = first.open("a");
    first.open("b");
    for (const char* who : {"a", "b"}) REQUIRE(first.bus->subscribe(room(), who, {"news"}));
    CHECK(first.send(to_topic("m1", "team", "news"))->receivers.size() == 2);
    CHECK(first.received(a) == "m1");
    a.done("m1");
  }
  Process next(sqlite_in(dir));
  Inbox& a = next.open("a");
  Inbox& b = next.open("b");
  Inbox& c = next.open("c");
  REQUIRE(next.bus->subscribe(room(), "c", {"news"}));
  CHECK(next.received(a).empty());
  CHECK(next.received(b) == "m1");
  CHECK(next.received(c).empty());
  CHECK(next.send(to_topic("m1", "team", "news"))->duplicate);
}

TEST_CASE("what a shutdown leaves is delivered by the next process; what an end leaves is dead") {
  fakes::TempDir dir;
  bool ended = false;
  SUBCASE("shutdown") {}
  SUBCASE("end") {
    ended = true;
  }
  {
    Process first(sqlite_in(dir));
    first.open("worker");
    REQUIRE(first.send(kTask));
    first.inboxes.clear();
    first.run(first.bus->leave(room(), ended));
  }
  Process next(sqlite_in(dir));
  CHECK(next.run(next.bus->dead_letters("", 5))->size() == (ended ? 1 : 0));
  CHECK(next.received(next.open("worker")) == (ended ? "" : "m1"));
  if (ended) {
    auto letter = next.run(next.bus->dead_letter("acme", "m1"));
    CHECK(letter->reason == DeadReason::closed);
    CHECK(letter->message.text == "do it");
    CHECK(next.run(next.bus->request(kTask, next.stop)).error().code == ErrorCode::not_found);
  }
}

TEST_CASE("a message for an address that nobody opens any more is dead when its run ends") {
  fakes::TempDir dir;
  {
    Process first(sqlite_in(dir));
    first.open("worker");
    REQUIRE(first.send(kTask));
  }
  Process next(sqlite_in(dir));
  next.run(next.bus->leave(room(), true));
  CHECK(next.run(next.bus->dead_letter("", "m1"))->reason == DeadReason::closed);
}

TEST_CASE("a room whose messages cannot be read is not entered, and says why") {
  fakes::TempDir dir;
  auto make = sqlite_in(dir);
  {
    Process first(make);
    store::Append append;
    append.facts.push_back({.run = "r_2", .kind = "bus.done", .body = "nonsense"});
    REQUIRE(first.run<Result<>>(first.journal->commit(std::move(append))));
    auto entered = first.run<Result<>>(first.bus->enter(room("r_2")));
    REQUIRE_FALSE(entered);
    CHECK(entered.error().message.find("run r_2") != std::string::npos);
  }
}

TEST_CASE("the memory journal keeps a room as the file does") {
  Bench bench;
  {
    auto worker = bench.open("worker");
    bench.send(kTask);
    bench.send(note("m2", "boss", "worker"));
    CHECK(bench.drain(*worker) == "m1 m2");
    worker->done("m2");
    bench.settle();
  }
  bench.restart();
  auto worker = bench.open("worker");
  CHECK(bench.send(kTask).duplicate);
  CHECK(bench.drain(*worker) == "m1");
}

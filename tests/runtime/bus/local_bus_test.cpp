// How agents talk through the bus of one process.
#include "runtime/bus/limits.h"
#include "tests/runtime/bus/bus_bench.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::bus;

TEST_CASE("what is sent is in the journal, and is received by its address alone") {
  Bench bench;
  auto inbox = bench.open("team/b");
  auto other = bench.open("team/c");

  const Sent sent = bench.send(note("m1", "team/a", "team/b", "hi"));
  CHECK_FALSE(sent.duplicate);
  CHECK(sent.receivers.size() == 1);
  CHECK(bench.events().size() == 1);
  CHECK(inbox->waiting() == 1);
  CHECK(other->waiting() == 0);
  const Message got = bench.receive(*inbox);
  CHECK(got.id == "m1");
  CHECK(got.from == "team/a");
  CHECK(got.text == "hi");
  CHECK(got.room == room());
}

TEST_CASE("messages of one sender stay in order, and those of kind control go first") {
  Bench bench;
  auto inbox = bench.open("b");
  bench.send(note("1", "a", "b"));
  bench.send(task("2", "a", "b"));
  bench.send(note("3", "c", "b"));
  Message stop_it = note("4", "a", "b");
  stop_it.kind = Kind::control;
  bench.send(stop_it);
  CHECK(bench.drain(*inbox) == "4 1 2 3");
}

TEST_CASE("messages that are sent at once stay in the order in which they were sent") {
  Bench bench;
  auto inbox = bench.open("b");
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    const std::string id = std::to_string(i);
    expected += (i == 0 ? "" : " ") + id;
    bench.spawn([&bench, id]() -> Task<> { (void)co_await bench.bus->send(note(id, "a", "b"), bench.stop); });
  }
  bench.join();
  CHECK(bench.drain(*inbox) == expected);
}

TEST_CASE("whoever waits for a message is woken by it, or by its stop") {
  Bench bench;
  auto inbox = bench.open("b");
  Stop stop;
  std::string got;
  bench.spawn([&]() -> Task<> {
    for (;;) {
      auto message = co_await inbox->receive(stop);
      got += message ? message->id : std::string(word(message.error().code));
      if (!message) co_return;
    }
  });
  bench.settle();
  CHECK(got.empty());
  bench.send(note("m1", "a", "b"));
  bench.settle();
  CHECK(got == "m1");
  stop.request(StopReason::cancelled);
  bench.join();
  CHECK(got == "m1cancelled");
}

TEST_CASE("a full mailbox refuses: who sends is told, and the message is a dead letter") {
  Bench bench;
  auto inbox = bench.open("b", {.capacity = 2});
  bench.send(note("1", "a", "b"));
  bench.send(note("2", "a", "b"));
  CHECK(bench.refused(note("3", "a", "b")) == ErrorCode::busy);
  Message control = note("4", "a", "b");
  control.kind = Kind::control;
  bench.send(control);
  CHECK(bench.dead() == "3:mailbox_full");
  CHECK(bench.events().size() == 3);

  CHECK(bench.receive(*inbox).id == "4");
  CHECK(bench.receive(*inbox).id == "1");
  CHECK_FALSE(bench.send(note("3", "a", "b")).duplicate);  // it was never sent
  CHECK(bench.drain(*inbox) == "2 3");
}

TEST_CASE("a full mailbox drops the oldest: it is a dead letter, and its sender is not told") {
  Bench bench;
  auto inbox = bench.open("b", {.capacity = 2, .when_full = WhenFull::drop_oldest});
  Message control = note("c", "a", "b");
  control.kind = Kind::control;
  bench.send(control);
  for (const char* id : {"1", "2", "3", "4"}) CHECK(bench.send(note(id, "a", "b")).receivers.size() == 1);
  CHECK(bench.dead() == "1:mailbox_full 2:mailbox_full");
  CHECK(bench.drain(*inbox) == "c 3 4");
}

TEST_CASE("a full mailbox makes senders wait, first come first served") {
  Bench bench;
  auto inbox = bench.open("b", {.capacity = 1, .when_full = WhenFull::wait});
  std::string sent;
  for (const char* id : {"1", "2", "3"})
    bench.spawn([&, id]() -> Task<> {
      auto done = co_await bench.bus->send(note(id, "a", "b"), bench.stop);
      sent += done ? id : "-";
    });
  bench.settle();
  CHECK(sent == "1");
  CHECK(inbox->waiting() == 1);
  Message control = note("c", "a", "b");
  control.kind = Kind::control;
  bench.send(control);  // waits for nothing

  CHECK(bench.receive(*inbox).id == "c");
  CHECK(bench.receive(*inbox).id == "1");
  bench.settle();
  CHECK(sent == "12");
  CHECK(bench.receive(*inbox).id == "2");
  bench.join();
  CHECK(bench.drain(*inbox) == "3");
  CHECK(bench.dead().empty());
}

TEST_CASE("who waits for room and is stopped has not sent, and those behind go on") {
  Bench bench;
  auto inbox = bench.open("b", {.capacity = 1, .when_full = WhenFull::wait});
  bench.send(note("1", "a", "b"));
  Stop stop;
  std::string sent;
  bench.spawn([&]() -> Task<> {
    auto done = co_await bench.bus->send(note("2", "a", "b"), stop);
    sent += done ? "2" : word(done.error().code);
  });
  bench.spawn([&]() -> Task<> {
    auto done = co_await bench.bus->send(note("3", "a", "b"), bench.stop);
    sent += done ? " 3" : "-";
  });
  bench.settle();
  SUBCASE("while it waits") {
    stop.request(StopReason::cancelled);
    bench.settle();
    CHECK(sent == "cancelled");
    CHECK(bench.receive(*inbox).id == "1");
  }
  SUBCASE("in the moment in which there is room") {
    stop.request(StopReason::cancelled);
    CHECK(bench.receive(*inbox).id == "1");
  }
  bench.join();
  CHECK(sent == "cancelled 3");
  CHECK(bench.drain(*inbox) == "3");
  CHECK(bench.dead().empty());
  CHECK_FALSE(bench.send(note("2", "a", "b")).duplicate);
}

TEST_CASE("who waits for room in a mailbox that is closed is told, and so is one whose deadline passes") {
  Bench bench;
  auto inbox = bench.open("b", {.capacity = 1, .when_full = WhenFull::wait});
  bench.send(note("1", "a", "b"));
  Message second = note("2", "a", "b");
  std::string sent;
  bool in_time = true;
  SUBCASE("closed") {}
  SUBCASE("too late") {
    in_time = false;
    second.deadline_ms = bench.clock.wall_ms() + 5;
  }
  bench.spawn([&]() -> Task<> {
    auto done = co_await bench.bus->send(second, bench.stop);
    sent += done ? "sent" : word(done.error().code);
  });
  bench.settle();
  if (in_time) inbox.reset();
  bench.join();
  CHECK(sent == (in_time ? "not_found" : "timeout"));
  CHECK(bench.dead() == (in_time ? "2:no_such_address" : "2:expired"));
}

TEST_CASE("who waits for room in a room that is left is told; the message is dead when the run has ended") {
  Bench bench;
  auto inbox = bench.open("b", {.capacity = 1, .when_full = WhenFull::wait});
  bench.send(note("1", "a", "b"));
  bool ended = false;
  SUBCASE("ended") {
    ended = true;
  }
  SUBCASE("left") {}
  std::string sent;
  bench.spawn([&]() -> Task<> {
    auto done = co_await bench.bus->send(note("2", "a", "b"), bench.stop);
    sent += done ? "sent" : word(done.error().code);
  });
  bench.settle();
  bench.run(bench.bus->leave(room(), ended));
  bench.join();
  CHECK(sent == "not_found");
  CHECK(bench.dead() == (ended ? "1:closed 2:no_such_address" : ""));
  CHECK(bench.refused(reply("3", task("1", "a", "b"))) == ErrorCode::not_found);
  CHECK(bench.dead().find('3') == std::string::npos);
}

TEST_CASE("nobody at an address: the sender is told, and the message is a dead letter") {
  Bench bench;
  CHECK(bench.refused(note("m1", "a", "b")) == ErrorCode::not_found);
  Message elsewhere = note("m2", "a", "b");
  elsewhere.room = room("r_2");
  CHECK(bench.refused(elsewhere) == ErrorCode::not_found);
  CHECK(bench.dead() == "m1:no_such_address m2:closed");
  CHECK(bench.events().empty());
}

TEST_CASE("what can never be sent is refused, and is no dead letter") {
  Bench bench;
  auto inbox = bench.open("b");
  CHECK(bench.refused(note("m1", "a", "b", std::string(limits::kBusTextBytes + 1, 'x'))) ==
        ErrorCode::too_large);
  CHECK(bench.refused(note("", "a", "b")) == ErrorCode::invalid);
  CHECK(bench.refused(reply("m2", task("never", "a", "b"))) == ErrorCode::not_found);
  auto asked = bench.run(bench.bus->request(note("m3", "a", "b"), bench.stop));
  CHECK(asked.error().code == ErrorCode::invalid);
  CHECK(bench.dead().empty());
  CHECK(inbox->waiting() == 0);
}

TEST_CASE("the same id is sent once, also while it is being sent") {
  Bench bench;
  auto inbox = bench.open("b");
  std::string outcomes;
  for (int i = 0; i < 3; ++i)
    bench.spawn([&]() -> Task<> {
      auto sent = co_await bench.bus->send(note("m1", "a", "b"), bench.stop);
      outcomes += !sent ? "-" : sent->duplicate ? "d" : "s";
    });
  bench.join();
  CHECK(outcomes == "sdd");
  CHECK(bench.send(note("m1", "a", "b")).duplicate);
  CHECK(bench.drain(*inbox) == "m1");
  CHECK(bench.send(note("m1", "a", "b")).duplicate);
  CHECK(bench.events().size() == 1);
}

TEST_CASE(
    "a message that the journal refuses was not sent: its place is free, and the same id is sent anew") {
  Bench bench;
  auto inbox = bench.open("b", {.capacity = 1});
  bench.journal.write_failure = Error{ErrorCode::store, "no more disk"};
  CHECK(bench.refused(note("m1", "a", "b")) == ErrorCode::store);
  CHECK(inbox->waiting() == 0);
  bench.journal.write_failure.reset();
  CHECK_FALSE(bench.send(note("m1", "a", "b")).duplicate);
  CHECK(bench.drain(*inbox) == "m1");
  CHECK(bench.dead().empty());
}

TEST_CASE("a message whose deadline passes while it waits is a dead letter, not a message") {
  Bench bench;
  auto inbox = bench.open("b", {.capacity = 1});
  Message late = note("m1", "a", "b");
  late.deadline_ms = bench.clock.wall_ms() + 60'000;
  bench.send(late);
  bench.clock.shift_ms = 60'001;

  SUBCASE("seen by who receives") {
    bench.settle();
    CHECK(bench.dead().empty());
    bench.spawn([&]() -> Task<> { CHECK((co_await inbox->receive(bench.stop))->id == "m2"); });
    bench.settle();
    bench.send(note("m2", "a", "b"));
    bench.join();
  }
  SUBCASE("its place is free for the next one") {
    bench.send(note("m2", "a", "b"));
    CHECK(bench.drain(*inbox) == "m2");
  }
  CHECK(bench.dead() == "m1:expired");
  CHECK(bench.send(late).duplicate);  // it was sent, and will not be again
}

TEST_CASE("a deadline passes by itself, with nobody at the mailbox") {
  Bench bench;
  auto inbox = bench.open("b", {.capacity = 1, .when_full = WhenFull::wait});
  Message late = note("m1", "a", "b");
  late.deadline_ms = bench.clock.wall_ms() + 5;
  bench.send(late);
  bench.send(note("m2", "a", "b"));  // returns once the first one's place is free
  CHECK(bench.drain(*inbox) == "m2");
  CHECK(bench.dead() == "m1:expired");
}

TEST_CASE("a message that is too late already is not sent") {
  Bench bench;
  auto inbox = bench.open("b");
  Message late = note("m1", "a", "b");
  late.deadline_ms = bench.clock.wall_ms();
  CHECK(bench.refused(late) == ErrorCode::timeout);
  CHECK(bench.dead() == "m1:expired");
  CHECK(bench.events().empty());
}

TEST_CASE("a topic's message goes to each subscriber once, by type or by what it begins with") {
  Bench bench;
  auto a = bench.open("a");
  auto b = bench.open("b");
  auto c = bench.open("c");
  auto d = bench.open("d");
  REQUIRE(bench.bus->subscribe(room(), "a", {"news.sports"}));
  REQUIRE(bench.bus->subscribe(room(), "b", {"news", true}));
  REQUIRE(bench.bus->subscribe(room(), "b", {"news.sports"}));
  REQUIRE(bench.bus->subscribe(room(), "b", {"news.sports"}));
  REQUIRE(bench.bus->subscribe(room(), "c", {"", true}));
  REQUIRE(bench.bus->subscribe(room(), "d", {"news"}));

  CHECK(bench.send(to_topic("m1", "team", "news.sports", "x")).receivers.size() == 3);
  CHECK(bench.send(to_topic("m2", "team", "weather")).receivers.size() == 1);
  CHECK(bench.drain(*a) == "m1");
  CHECK(bench.drain(*b) == "m1");
  CHECK(bench.drain(*c) == "m1 m2");
  CHECK(d->waiting() == 0);
  CHECK(bench.dead().empty());
  auto subscribed = bench.bus->subscribe(room(), "e", {"news"});
  CHECK(subscribed.error().code == ErrorCode::not_found);
  CHECK(bench.bus->subscribe(room("r_9"), "a", {"news"}).error().code == ErrorCode::not_found);
}

TEST_CASE("who sends to a topic that it subscribes to does not get it back, others do") {
  Bench bench;
  auto a = bench.open("a");
  auto b = bench.open("b");
  for (const char* who : {"a", "b"}) REQUIRE(bench.bus->subscribe(room(), who, {"", true}));
  CHECK(bench.send(to_topic("m1", "a", "news")).receivers.size() == 1);
  CHECK(a->waiting() == 0);
  CHECK(bench.receive(*b).topic.type == "news");
}

TEST_CASE("where notes lie apart they stay until they are done with, and leave tasks their room") {
  Bench bench;
  auto a = bench.open("a", {.capacity = 2, .notes_apart = true});
  bench.send(note("n1", "b", "a"));
  bench.send(note("n2", "c", "a"));
  CHECK(bench.refused(note("n3", "b", "a")) == ErrorCode::busy);
  CHECK(bench.dead() == "n3:mailbox_full");
  bench.send(task("t1", "b", "a"));
  CHECK(bench.receive(*a).id == "t1");
  const auto ids = [&] {
    std::string list;
    for (const Message& one : a->notes()) list += one.id + " ";
    return list;
  };
  CHECK(ids() == "n1 n2 ");
  CHECK(ids() == "n1 n2 ");
  a->done("n1");
  a->done("n1");
  CHECK(ids() == "n2 ");
  bench.send(note("n4", "b", "a"));
  CHECK(ids() == "n2 n4 ");
}

TEST_CASE("notes that lie apart come to the next who opens the mailbox, and die with the room") {
  Bench bench;
  auto a = bench.open("a", {.notes_apart = true});
  bench.send(note("n1", "b", "a"));
  bench.send(note("n2", "b", "a"));
  a->done("n1");
  a.reset();
  a = bench.open("a", {.notes_apart = true});
  REQUIRE(a->notes().size() == 1);
  CHECK(a->notes().front().id == "n2");
  fakes::run(bench.loop, bench.bus->leave(room(), true));
  CHECK(bench.dead() == "n2:closed");
  CHECK(a->notes().empty());
}

TEST_CASE("a note that lies apart and is too late is a dead letter") {
  Bench bench;
  auto a = bench.open("a", {.notes_apart = true});
  Message late = note("n1", "b", "a");
  late.deadline_ms = bench.clock.wall_ms() + 1'000;
  bench.send(late);
  CHECK(a->notes().size() == 1);
  bench.clock.shift_ms += 2'000;
  CHECK(a->notes().empty());
  CHECK(bench.dead() == "n1:expired");
}

TEST_CASE("a topic that nobody subscribes to: the message is sent, and is a dead letter") {
  Bench bench;
  auto a = bench.open("a");
  REQUIRE(bench.bus->subscribe(room(), "a", {"news"}));
  a.reset();  // and with it its subscription
  a = bench.open("a");
  CHECK(bench.send(to_topic("m1", "team", "news")).receivers.empty());
  CHECK(bench.events().size() == 1);
  CHECK(bench.dead() == "m1:no_subscriber");
  CHECK(bench.send(to_topic("m1", "team", "news")).duplicate);
}

TEST_CASE("a full mailbox of one subscriber is a dead letter of that one alone") {
  Bench bench;
  auto a = bench.open("a", {.capacity = 1});
  auto b = bench.open("b", {.capacity = 4});
  for (const char* who : {"a", "b"}) REQUIRE(bench.bus->subscribe(room(), who, {"news"}));
  CHECK(bench.send(to_topic("m1", "team", "news")).receivers.size() == 2);
  CHECK(bench.send(to_topic("m2", "team", "news")).receivers.size() == 1);
  CHECK(bench.dead() == "m2@a:mailbox_full");
  auto letter = bench.run(bench.bus->dead_letter("acme", "m2@a"));
  REQUIRE(letter);
  CHECK(letter->message.to == "a");
  CHECK(letter->message.topic.type == "news");
  CHECK(bench.drain(*a) == "m1");
  CHECK(bench.drain(*b) == "m1 m2");
}

TEST_CASE("two who wait for room at the same two subscribers do not wait for each other") {
  Bench bench;
  auto a = bench.open("a", {.capacity = 1, .when_full = WhenFull::wait});
  auto b = bench.open("b", {.capacity = 1, .when_full = WhenFull::wait});
  REQUIRE(bench.bus->subscribe(room(), "a", {"", true}));
  REQUIRE(bench.bus->subscribe(room(), "b", {"", true}));
  bench.send(to_topic("0", "x", "news"));
  for (auto [id, from] : {std::pair("1", "x"), std::pair("2", "y")})
    bench.spawn([&bench, id, from]() -> Task<> {
      (void)co_await bench.bus->send(to_topic(id, from, "news"), bench.stop);
    });
  std::string got;
  for (int i = 0; i < 3; ++i) got += bench.receive(*b).id + bench.receive(*a).id;
  bench.join();
  CHECK(got == "001122");
}

TEST_CASE("a request is answered with the reply, which no mailbox has") {
  Bench bench;
  auto boss = bench.open("boss");
  auto worker = bench.open("worker");
  bench.spawn([&]() -> Task<> {
    auto asked = co_await worker->receive(bench.stop);
    (void)co_await bench.bus->send(reply("m2", *asked, "42"), bench.stop);
  });
  const Message asked = task("m1", "boss", "worker");
  auto answer = bench.run(bench.bus->request(asked, bench.stop));
  REQUIRE_MESSAGE(answer, answer.error().message);
  CHECK(answer->text == "42");
  CHECK(answer->reply_to == "m1");
  bench.join();
  CHECK(boss->waiting() == 0);

  auto again = bench.run(bench.bus->request(asked, bench.stop));
  CHECK(again->id == "m2");
  CHECK(bench.send(reply("m3", asked, "43")).duplicate);  // the first one is the reply
  CHECK(bench.run(bench.bus->request(asked, bench.stop))->text == "42");
  CHECK(bench.send(reply("m2", asked, "42")).duplicate);
  CHECK(bench.events().size() == 2);
}

TEST_CASE("all who ask for the same are answered with one reply to one task") {
  Bench bench;
  auto worker = bench.open("worker");
  int answered = 0;
  for (int i = 0; i < 3; ++i)
    bench.spawn([&]() -> Task<> {
      auto answer = co_await bench.bus->request(task("m1", "boss", "worker"), bench.stop);
      if (answer && answer->id == "m2") ++answered;
    });
  bench.settle();
  CHECK(bench.drain(*worker) == "m1");
  bench.send(reply("m2", task("m1", "boss", "worker")));
  bench.join();
  CHECK(answered == 3);
}

TEST_CASE("a task that was replied to while it waited is not received") {
  Bench bench;
  auto worker = bench.open("worker");
  bench.send(task("m1", "boss", "worker"));
  bench.send(note("m2", "boss", "worker"));
  bench.send(reply("m3", task("m1", "boss", "worker")));
  CHECK(bench.receive(*worker).id == "m2");
}

TEST_CASE("a request ends without a reply") {
  Bench bench;
  auto worker = bench.open("worker", {.capacity = 1, .when_full = WhenFull::drop_oldest});
  Stop stop;
  Message asked = task("m1", "boss", "worker");
  std::string expected;
  std::function<void()> then = [] {};
  SUBCASE("by its deadline, while the task waits") {
    asked.deadline_ms = bench.clock.wall_ms() + 5;
    expected = "timeout";
  }
  SUBCASE("by its deadline, while somebody works on it") {
    asked.deadline_ms = bench.clock.wall_ms() + 50;
    then = [&] { bench.receive(*worker); };
    expected = "timeout";
  }
  SUBCASE("when it is stopped") {
    then = [&] { stop.request(StopReason::cancelled); };
    expected = "cancelled";
  }
  SUBCASE("when its task is dropped") {
    then = [&] { bench.send(note("m2", "boss", "worker")); };
    expected = "busy";
  }
  SUBCASE("when the run was left") {
    then = [&] { bench.run(bench.bus->leave(room(), false)); };
    expected = "cancelled";
  }
  SUBCASE("when the run has ended before it was taken") {
    then = [&] { bench.run(bench.bus->leave(room(), true)); };
    expected = "not_found";
  }
  SUBCASE("when nobody is there") {
    asked.to = "nobody";
    expected = "not_found";
  }
  SUBCASE("when nobody subscribes") {
    asked.to.clear();
    asked.topic.type = "news";
    expected = "not_found";
  }
  std::string outcome;
  bench.spawn([&]() -> Task<> {
    auto answer = co_await bench.bus->request(asked, stop);
    outcome = answer ? "answered" : word(answer.error().code);
  });
  bench.settle();
  then();
  bench.join();
  CHECK(outcome == expected);
}

TEST_CASE("a mailbox is one's own, in a room that somebody entered") {
  Bench bench;
  auto inbox = bench.open("b");
  CHECK(bench.bus->open(room(), "b", {}).error().code == ErrorCode::conflict);
  CHECK(bench.bus->open(room("r_2"), "b", {}).error().code == ErrorCode::not_found);
  CHECK(bench.bus->open(room(), "", {}).error().code == ErrorCode::invalid);
  CHECK(bench.bus->open(room(), std::string(limits::kBusAddressBytes + 1, 'x'), {}).error().code ==
        ErrorCode::invalid);
  CHECK(bench.run(bench.bus->enter(room())).error().code == ErrorCode::conflict);
  CHECK(bench.run(bench.bus->enter(room(), true)).error().code == ErrorCode::conflict);
  CHECK(bench.run(bench.bus->enter(room("r_2"), true)));
  CHECK(bench.bus->open(room("r_2"), "b", {}));
  inbox.reset();
  inbox = bench.open("b", {.capacity = 0});  // which would take nothing
  bench.send(note("m1", "a", "b"));
}

TEST_CASE("what is left in a mailbox waits for it to be opened again") {
  Bench bench;
  auto inbox = bench.open("b");
  for (const char* id : {"1", "2", "3"}) bench.send(note(id, "a", "b"));
  CHECK(bench.receive(*inbox).id == "1");
  inbox.reset();
  CHECK(bench.refused(note("4", "a", "b")) == ErrorCode::not_found);
  inbox = bench.open("b", {.capacity = 1});
  CHECK(inbox->waiting() == 2);
  CHECK(bench.refused(note("5", "a", "b")) == ErrorCode::busy);
  CHECK(bench.drain(*inbox) == "2 3");
}

TEST_CASE("a message that is committed after its mailbox was closed waits as well") {
  Bench bench;
  auto inbox = bench.open("b");
  bench.spawn([&]() -> Task<> { CHECK(co_await bench.bus->send(note("m1", "a", "b"), bench.stop)); });
  bool closed = false;
  bench.journal.before_commit = [&]() -> Task<> {
    if (!std::exchange(closed, true)) inbox.reset();
    co_return;
  };
  bench.join();
  REQUIRE(closed);
  inbox = bench.open("b");
  CHECK(bench.drain(*inbox) == "m1");
}

TEST_CASE("when a run has ended, what waits is a dead letter; when it was only left, it is not") {
  Bench bench;
  auto b = bench.open("b");
  auto c = bench.open("c");
  for (const char* to : {"b", "c"})
    for (const char* id : {"1", "2"}) bench.send(note(std::string(to) + id, "a", to));
  bench.receive(*b);
  c.reset();
  bool ended = false;
  SUBCASE("ended") {
    ended = true;
  }
  SUBCASE("left") {}
  std::string waiting;
  bench.spawn([&]() -> Task<> {
    (void)co_await b->receive(bench.stop);
    waiting = std::string(word((co_await b->receive(bench.stop)).error().code));
  });
  bench.settle();
  bench.send(note("b3", "a", "b"));
  bench.spawn([&]() -> Task<> { co_await bench.bus->leave(room(), ended); });
  bench.join();
  b.reset();
  CHECK(bench.dead() == (ended ? "c1:closed c2:closed" : ""));
  CHECK(bench.refused(note("m9", "a", "b")) == ErrorCode::not_found);
  bench.run(bench.bus->leave(room(), ended));  // once more changes nothing
}

TEST_CASE("a room has so many messages, mailboxes and subscriptions") {
  Bench bench;
  std::vector<std::unique_ptr<Inbox>> inboxes;
  for (std::size_t i = 0; i < limits::kBusInboxes; ++i) inboxes.push_back(bench.open(fmt::format("a{}", i)));
  CHECK(bench.bus->open(room(), "more", {}).error().code == ErrorCode::busy);
  for (std::size_t i = 0; i < limits::kBusSubscriptions; ++i)
    REQUIRE(bench.bus->subscribe(room(), "a0", {fmt::format("t{}", i)}));
  CHECK(bench.bus->subscribe(room(), "a0", {"more"}).error().code == ErrorCode::busy);

  const std::string text(limits::kBusTextBytes, 'x');
  std::size_t sent = 0;
  for (; sent < 100; ++sent)
    if (!bench.run(
            bench.bus->send(note(fmt::format("m{}", sent), "x", fmt::format("a{}", sent), text), bench.stop)))
      break;
  CHECK(sent == limits::kBusHeldBytes / limits::kBusTextBytes);
  bench.receive(*inboxes[0]);
  inboxes[0]->done("m0");
  bench.send(note("again", "x", "a0", text));
}

TEST_CASE("dead letters are read by tenant and by id, and marked") {
  Bench bench;
  CHECK(bench.refused(note("m1", "a", "b")) == ErrorCode::not_found);
  Message other = note("m2", "a", "b");
  other.room.tenant = "other";
  other.room.run = "r_2";
  CHECK(bench.refused(other) == ErrorCode::not_found);

  CHECK(bench.run(bench.bus->dead_letters("", 10))->size() == 2);
  CHECK(bench.run(bench.bus->dead_letters("other", 10))->front().message.room.run == "r_2");
  CHECK(bench.run(bench.bus->dead_letter("acme", "m2")).error().code == ErrorCode::not_found);
  CHECK(bench.run(bench.bus->mark_resent("acme", "m2")).error().code == ErrorCode::not_found);
  CHECK(bench.run(bench.bus->dead_letter("acme", "m1"))->resent_ms == 0);
  REQUIRE(bench.run(bench.bus->mark_resent("acme", "m1")));
  auto letter = bench.run(bench.bus->dead_letter("acme", "m1"));
  CHECK(letter->resent_ms > 0);
  CHECK(letter->detail == "nobody is at the address `b`");
  CHECK(letter->message.text == "hello");
}

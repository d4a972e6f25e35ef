#pragma once

#include "runtime/async/nursery.h"
#include "runtime/bus/local_bus.h"
#include "tests/fakes/memory_journal.h"
#include "tests/fakes/run_loop.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::bus {

/// Time goes on as it does, and the wall clock besides by as much as a test says.
class ShiftedClock final : public Clock {
 public:
  Instant now() const override { return real_.now(); }
  std::int64_t wall_ms() const override { return real_.wall_ms() + shift_ms; }
  std::int64_t shift_ms = 0;

 private:
  SystemClock real_;
};

inline Room room(std::string run = "r_1") {
  return {.tenant = "acme", .session = "s_1", .run = std::move(run)};
}

inline Message note(std::string id, std::string from, std::string to, std::string text = "hello") {
  return {.id = std::move(id),
          .room = room(),
          .from = std::move(from),
          .to = std::move(to),
          .kind = Kind::note,
          .text = std::move(text)};
}

inline Message task(std::string id, std::string from, std::string to, std::string text = "do it") {
  Message made = note(std::move(id), std::move(from), std::move(to), std::move(text));
  made.kind = Kind::task;
  return made;
}

inline Message reply(std::string id, const Message& asked, std::string text = "done") {
  Message made = note(std::move(id), asked.to, asked.from, std::move(text));
  made.kind = Kind::reply;
  made.reply_to = asked.id;
  return made;
}

inline Message to_topic(std::string id, std::string from, std::string type, std::string source = "") {
  Message made = note(std::move(id), std::move(from), "");
  made.topic = {std::move(type), std::move(source)};
  return made;
}

/// One loop with a bus over a journal that a test can slow down and fail.
class Bench {
 public:
  Bench() { enter(); }
  ~Bench() {
    nursery.reset();
    bus.reset();
  }

  void enter() {
    auto entered = run<Result<>>(bus->enter(room()));
    REQUIRE_MESSAGE(entered.has_value(), entered.error().message);
  }
  /// As if the process had been killed and started again: nothing is written.
  void restart() {
    bus = make_local_bus(loop, journal);
    enter();
  }

  template <class T>
  T run(Task<T> task) {
    return fakes::run<T>(loop, std::move(task));
  }
  void run(Task<> task) { fakes::run(loop, std::move(task)); }

  std::unique_ptr<Inbox> open(const std::string& address, MailboxSettings settings = {}) {
    auto inbox = bus->open(room(), address, settings);
    REQUIRE_MESSAGE(inbox.has_value(), inbox.error().message);
    return std::move(*inbox);
  }
  Sent send(Message message) {
    auto sent = run(bus->send(std::move(message), stop));
    REQUIRE_MESSAGE(sent.has_value(), sent.error().message);
    return *sent;
  }
  ErrorCode refused(Message message) {
    auto sent = run(bus->send(std::move(message), stop));
    REQUIRE_FALSE(sent.has_value());
    return sent.error().code;
  }
  Message receive(Inbox& inbox) {
    auto message = run(inbox.receive(stop));
    REQUIRE_MESSAGE(message.has_value(), message.error().message);
    return std::move(*message);
  }
  /// The ids of all that can be received now, in order.
  std::string drain(Inbox& inbox) {
    std::string ids;
    while (inbox.waiting() > 0) ids += (ids.empty() ? "" : " ") + receive(inbox).id;
    return ids;
  }
  /// "id:reason" of each, the oldest first.
  std::string dead() {
    settle();
    auto letters = run(bus->dead_letters("acme", 100));
    REQUIRE_MESSAGE(letters.has_value(), letters.error().message);
    std::string all;
    for (auto letter = letters->rbegin(); letter != letters->rend(); ++letter)
      all += (all.empty() ? "" : " ") + letter->message.id + ":" + std::string(word(letter->reason));
    return all;
  }
  /// Lets the loop come to rest, as far as nothing waits for time.
  void settle() {
    loop.context().restart();
    while (loop.context().poll() > 0) {
    }
  }
  /// Starts what is not waited for; `settle()` and others let it go on.
  void spawn(std::function<Task<>()> body) { nursery->spawn("test", std::move(body)); }
  void join() { run(nursery->join()); }
  std::vector<std::string> events() {
    std::vector<std::string> texts;
    for (const Frame& frame : *run(journal.read_run_events("r_1"))) texts.push_back(*frame.text);
    return texts;
  }

  Stop stop;  // outlives whoever a failed check leaves waiting
  ShiftedClock clock;
  Loop loop{clock};
  fakes::MemoryJournal journal{loop};
  std::unique_ptr<Bus> bus = make_local_bus(loop, journal);
  std::unique_ptr<Nursery> nursery = std::make_unique<Nursery>(loop);
};

}  // namespace troupe::bus

#include "runtime/async/background.h"
#include "runtime/async/mailbox.h"
#include "runtime/async/nursery.h"
#include "runtime/async/offload.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/read_write_gate.h"
#include "runtime/async/run_task.h"
#include "tests/fakes/run_loop.h"

#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {
SystemClock g_clock;
}

TEST_CASE("a stop request reaches children with the reason, and a late hook is called at once") {
  Stop parent;
  Stop child(parent);
  StopReason seen = StopReason::none;
  auto hook = child.on_request([&] { seen = child.reason(); });

  parent.request(StopReason::deadline);
  parent.request(StopReason::cancelled);

  CHECK(seen == StopReason::deadline);
  CHECK(parent.reason() == StopReason::deadline);
  bool late = false;
  auto late_hook = child.on_request([&] { late = true; });
  CHECK(late);
}

TEST_CASE("stopping a child leaves its parent alone") {
  Stop parent;
  {
    Stop child(parent);
    child.request(StopReason::cancelled);
  }
  CHECK_FALSE(parent.requested());
  parent.request(StopReason::shutdown);
}

TEST_CASE("a hook may remove other hooks while stop is requested") {
  Stop stop;
  int calls = 0;
  Stop::Hook first = stop.on_request([&] { ++calls; });
  Stop::Hook second = stop.on_request([&] {
    ++calls;
    first.reset();
  });

  stop.request(StopReason::cancelled);

  CHECK(calls == 1);
}

TEST_CASE("sleep ends early when stopped, and reports which it was") {
  Loop loop(g_clock);
  Stop stop;
  auto alarm = loop.at(g_clock.now() + 1ms, [&] { stop.request(StopReason::cancelled); });

  CHECK_FALSE(fakes::run(loop, loop.sleep_for(1h, stop)));
  Stop quiet;
  CHECK(fakes::run(loop, loop.sleep_for(1ms, quiet)));
}

TEST_CASE("alarms fire in the order of their time, whatever the order they were set in") {
  Loop loop(g_clock);
  std::vector<int> order;
  Stop stop;
  auto now = g_clock.now();
  auto c = loop.at(now + 3ms, [&] { order.push_back(3); });
  auto a = loop.at(now + 1ms, [&] { order.push_back(1); });
  auto b = loop.at(now + 2ms, [&] { order.push_back(2); });
  auto cancelled = loop.at(now + 2ms, [&] { order.push_back(99); });
  cancelled.reset();

  fakes::run(loop, loop.sleep_for(5ms, stop));

  CHECK(order == std::vector<int>{1, 2, 3});
}

TEST_CASE("a nursery joins children that were spawned by children") {
  Loop loop(g_clock);
  Nursery nursery(loop);
  int ended = 0;
  nursery.spawn("outer", [&]() -> Task<> {
    nursery.spawn("inner", [&]() -> Task<> {
      ++ended;
      co_return;
    });
    ++ended;
    co_return;
  });

  fakes::run(loop, nursery.join());

  CHECK(ended == 2);
  CHECK(nursery.size() == 0);
}

TEST_CASE("a full mailbox answers busy; a closed one gives what is left, then nothing") {
  Loop loop(g_clock);
  Stop stop;
  Mailbox<std::string> box(loop, 2);
  CHECK(box.put("a"));
  CHECK(box.put("b"));
  CHECK_FALSE(box.put("c"));
  box.close();
  CHECK_FALSE(box.put("d"));

  CHECK(fakes::run(loop, box.take(stop)) == "a");
  CHECK(fakes::run(loop, box.take(stop)) == "b");
  CHECK_FALSE(fakes::run(loop, box.take(stop)).has_value());
}

TEST_CASE("a waiting reader is woken by a writer and by a stop") {
  Loop loop(g_clock);
  Stop stop;
  Mailbox<int> box(loop, 1);
  auto writer = loop.at(g_clock.now() + 1ms, [&] { (void)box.put(7); });
  CHECK(fakes::run(loop, box.take(stop)) == 7);

  auto stopper = loop.at(g_clock.now() + 1ms, [&] { stop.request(StopReason::cancelled); });
  CHECK_FALSE(fakes::run(loop, box.take(stop)).has_value());
}

TEST_CASE("work in the background runs elsewhere, and has ended when its owner goes") {
  std::thread::id there;
  {
    Background background([&there] { there = std::this_thread::get_id(); });
  }
  CHECK(there != std::thread::id());
  CHECK(there != std::this_thread::get_id());
}

TEST_CASE("offloaded work runs elsewhere and its value comes back to the loop") {
  Loop loop(g_clock);
  Workers workers(2);
  auto here = std::this_thread::get_id();
  auto body = [&]() -> Task<bool> {
    auto work = [] { return std::this_thread::get_id(); };
    auto there = co_await offload(loop, workers, work);
    co_return there != here&& std::this_thread::get_id() == here;
  };
  CHECK(fakes::run(loop, body()));
}

TEST_CASE("several may join a nursery, and all of them go on when it is empty") {
  SystemClock clock;
  Loop loop(clock);
  Nursery nursery(loop);
  Nursery joining(loop);
  OneShot<bool> end(loop);
  int joined = 0;
  auto whole = [&]() -> Task<bool> {
    nursery.spawn("child", [&]() -> Task<> { (void)co_await end.wait(); });
    for (int i = 0; i < 3; ++i)
      joining.spawn("join", [&]() -> Task<> {
        co_await nursery.join();
        ++joined;
      });
    joining.spawn("end", [&]() -> Task<> {
      end.set(true);
      co_return;
    });
    co_await joining.join();
    co_return joined == 3;
  };
  CHECK(fakes::run(loop, whole()));
}

TEST_CASE("many read at a gate or one writes, first come first in") {
  SystemClock clock;
  Loop loop(clock);
  ReadWriteGate gate(loop);
  Nursery nursery(loop);
  std::string order;
  auto reader = [&](char name, OneShot<bool>* until) -> Task<> {
    auto pass = co_await gate.read();
    order += name;
    if (until) (void)co_await until->wait();
    order += static_cast<char>(name + 32);
  };
  auto whole = [&]() -> Task<bool> {
    OneShot<bool> first(loop);
    nursery.spawn("A", [&] { return reader('A', &first); });
    nursery.spawn("B", [&] { return reader('B', nullptr); });
    nursery.spawn("W", [&]() -> Task<> {
      auto pass = co_await gate.write();
      order += 'W';
      pass.end();
      pass.end();  // ending twice is ending once
    });
    nursery.spawn("C", [&] { return reader('C', nullptr); });
    nursery.spawn("end", [&]() -> Task<> {
      first.set(true);
      co_return;
    });
    co_await nursery.join();
    co_return true;
  };
  fakes::run(loop, whole());
  CHECK(order == "ABbaWCc");
}

TEST_CASE("who waits at a gate may be stopped; the others keep their order, and who was let in is inside") {
  SystemClock clock;
  Loop loop(clock);
  ReadWriteGate gate(loop);
  Nursery nursery(loop);
  std::string order;
  Stop stop, never;
  auto reader = [&](char name, Stop& until) -> Task<> {
    const auto pass = co_await gate.read(until);
    order += pass ? name : '-';
  };
  auto whole = [&]() -> Task<bool> {
    auto writing = co_await gate.write();
    nursery.spawn("A", [&] { return reader('A', stop); });
    nursery.spawn("B", [&] { return reader('B', never); });
    nursery.spawn("W", [&]() -> Task<> {
      auto pass = co_await gate.write();
      order += 'W';
    });
    nursery.spawn("C", [&] { return reader('C', stop); });
    nursery.spawn("D", [&] { return reader('D', never); });
    nursery.spawn("end", [&]() -> Task<> {
      stop.request(StopReason::cancelled);
      order += '!';
      co_return;
    });
    co_await loop.sleep_for(1ms, never);
    CHECK(order == "!--");
    writing.end();
    co_await nursery.join();
    CHECK_FALSE(co_await gate.read(stop));
    auto inside = co_await gate.read(never);
    CHECK(inside);
    never.request(StopReason::cancelled);  // too late
    co_return true;
  };
  fakes::run(loop, whole());
  CHECK(order == "!--BWD");
}

TEST_CASE("a loop that one task was run on runs the next one, too") {
  SystemClock clock;
  Loop loop(clock);
  const auto count = [&loop](int number) -> Task<int> {
    Stop nobody;
    (void)co_await loop.sleep_for(Milliseconds(1), nobody);
    co_return number;
  };
  CHECK(run_task(loop, count(1)) == 1);
  CHECK(run_task(loop, count(2)) == 2);
}

#include "runtime/net/resolver.h"

#include "runtime/async/nursery.h"
#include "tests/fakes/run_loop.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::net;
using namespace std::chrono_literals;

namespace {

/// A clock that the test moves.
struct StepClock final : Clock {
  Instant now() const override { return SystemClock().now() + shift; }
  std::int64_t wall_ms() const override { return 0; }
  std::chrono::seconds shift{0};
};

/// A name server whose answers wait at a gate while it is shut.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = true;
  bool fails = false;
  std::string address = "192.0.2.1";
  int asked = 0;
  int at_once = 0, at_once_max = 0;

  void set(bool is_open) {
    std::lock_guard lock(mutex);
    open = is_open;
    changed.notify_all();
  }
};

Resolver::Lookup through(std::shared_ptr<Gate> gate) {
  return [gate](const std::string& host) -> Result<std::vector<Address>> {
    std::unique_lock lock(gate->mutex);
    ++gate->asked;
    gate->at_once_max = std::max(gate->at_once_max, ++gate->at_once);
    gate->changed.wait(lock, [&] { return gate->open; });
    --gate->at_once;
    gate->changed.notify_all();
    if (gate->fails) return fail(Error{ErrorCode::network, "resolve " + host + ": refused", true});
    return std::vector{*Address::parse(gate->address)};
  };
}

/// Runs the loop until every look-up has come back, also those that nobody waits for any more.
void wait_for_threads(Loop& loop, Resolver& resolver) {
  const auto end = std::chrono::steady_clock::now() + fakes::kMaxTestWait;
  while (resolver.running() > 0 && std::chrono::steady_clock::now() < end) {
    loop.context().restart();
    loop.context().poll();
    std::this_thread::yield();
  }
}

Task<> ask(Resolver& resolver, std::string host, Stop& stop, std::vector<Result<Resolved>>& out) {
  out.push_back(co_await resolver.resolve(host, stop));
}

}  // namespace

TEST_CASE("the machine's own names and addresses resolve, others are an error that names them") {
  auto local = Resolver::system("localhost");
  REQUIRE(local);
  for (const Address& address : *local) CHECK((address.text() == "127.0.0.1" || address.text() == "::1"));
  auto none = Resolver::system("no-such-name.invalid");
  REQUIRE_FALSE(none);
  CHECK(none.error().code == ErrorCode::network);
  CHECK(none.error().message.starts_with("resolve no-such-name.invalid: "));
  CHECK_FALSE(Resolver::system(""));
}

TEST_CASE("callers for one name share one look-up, and the answer is kept") {
  SystemClock clock;
  Loop loop(clock);
  auto gate = std::make_shared<Gate>();
  gate->open = false;
  Resolver resolver(loop, through(gate));
  Nursery nursery(loop);
  Stop stop;
  std::vector<Result<Resolved>> out;
  for (int i = 0; i < 100; ++i) nursery.spawn("ask", [&] { return ask(resolver, "a.example", stop, out); });
  loop.post([&] { gate->set(true); });
  fakes::run(loop, nursery.join());

  REQUIRE(out.size() == 100);
  for (const auto& result : out) CHECK(result.value().generation == 1);
  CHECK(fakes::run(loop, resolver.resolve("a.example", stop))->generation == 1);
  CHECK(gate->asked == 1);
  CHECK(resolver.running() == 0);
}

TEST_CASE("no more look-ups run at once than allowed; who stops waiting frees the queue") {
  SystemClock clock;
  Loop loop(clock);
  auto gate = std::make_shared<Gate>();
  gate->open = false;
  Resolver resolver(loop, through(gate), 3);
  Nursery nursery(loop);
  Stop some, rest;
  std::vector<Result<Resolved>> out;
  for (int i = 0; i < 20; ++i)
    nursery.spawn("ask",
                  [&, i] { return ask(resolver, "h" + std::to_string(i), i < 10 ? some : rest, out); });
  loop.post([&] {
    some.request(StopReason::cancelled);
    gate->set(true);
  });
  fakes::run(loop, nursery.join());

  wait_for_threads(loop, resolver);
  CHECK(gate->at_once_max <= 3);
  CHECK(gate->asked == 13);  // three of the first ten had begun, the others never did
  int answered = 0;
  for (const auto& result : out) answered += result ? 1 : 0;
  CHECK(answered == 10);
}

TEST_CASE("an ageing answer is used at once while a new one is fetched, an old one is not") {
  StepClock clock;
  Loop loop(clock);
  auto gate = std::make_shared<Gate>();
  Resolver resolver(loop, through(gate));
  Stop stop;
  auto resolve = [&] { return fakes::run(loop, resolver.resolve("a.example", stop)); };
  auto settle = [&] { wait_for_threads(loop, resolver); };
  CHECK(resolve()->generation == 1);

  clock.shift = 120s;
  gate->address = "192.0.2.2";
  gate->set(false);
  CHECK(resolve()->addresses->front().text() == "192.0.2.1");  // does not wait for the shut gate
  gate->set(true);
  settle();
  CHECK(resolve()->addresses->front().text() == "192.0.2.2");

  clock.shift = 240s;
  {
    std::lock_guard lock(gate->mutex);
    gate->fails = true;
  }
  CHECK(resolve()->generation == 2);
  settle();
  CHECK(resolve()->generation == 2);  // a name server that fails takes nothing away
  settle();
  clock.shift = 3600s;
  auto gone = resolve();
  REQUIRE_FALSE(gone);
  CHECK(gone.error().message == "resolve a.example: refused");
}

TEST_CASE("a resolver may go while look-ups are stuck") {
  SystemClock clock;
  auto gate = std::make_shared<Gate>();
  gate->open = false;
  {
    Loop loop(clock);
    Resolver resolver(loop, through(gate));
    Stop stop;
    auto alarm = loop.at(clock.now() + 5ms, [&] { stop.request(StopReason::cancelled); });
    auto result = fakes::run(loop, resolver.resolve("stuck.example", stop));
    CHECK(result.error().code == ErrorCode::cancelled);
  }
  gate->set(true);
  std::unique_lock lock(gate->mutex);
  CHECK(gate->changed.wait_for(lock, fakes::kMaxTestWait,
                               [&] { return gate->asked == 1 && gate->at_once == 0; }));
}

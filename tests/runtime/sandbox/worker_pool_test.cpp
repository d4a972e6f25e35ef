#include "runtime/sandbox/worker_pool.h"

#include "tests/runtime/sandbox/sandboxed.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::sandbox;

namespace {

/// A pool on a loop of its own, closed at the end.
class Pooled {
 public:
  explicit Pooled(Program program, PoolSettings settings = {}, const Support& support = machine())
      : pool_(loop, worker_cage(support, std::move(program)), settings) {}
  ~Pooled() {
    fakes::run(loop, pool_.close());
    CHECK(childless());
  }

  Result<std::string> call(std::string request, Milliseconds time = 30s) {
    Stop stop;
    return fakes::run(loop, pool_.call(std::move(request), stop, Deadline::after(g_clock, time)));
  }

  /// Makes all calls at once and returns their answers in the order they ended in.
  std::vector<Result<std::string>> call_all(std::vector<std::string> requests, Milliseconds time = 30s) {
    std::vector<Result<std::string>> answers;
    Stop stop;
    auto all = [&]() -> Task<bool> {
      Nursery nursery(loop);
      for (const auto& request : requests)
        nursery.spawn("a call", [&, request]() -> Task<> {
          answers.push_back(co_await pool_.call(request, stop, Deadline::after(g_clock, time)));
        });
      co_await nursery.join();
      co_return true;
    };
    fakes::run(loop, all());
    return answers;
  }
  WorkerPool* operator->() { return &pool_; }

  Loop loop{g_clock};

 private:
  WorkerPool pool_;
};

}  // namespace

TEST_CASE("one call after the other uses one warm worker") {
  Pooled pool(worker_program(), {.workers = 3});
  CHECK(pool->counts().started == 0);
  const auto first = pool.call("pid").value();
  for (int i = 0; i < 20; ++i) CHECK(pool.call("pid").value() == first);
  CHECK(pool->counts().started == 1);
  CHECK(pool->counts().alive == 1);
  CHECK(pool->counts().working == 0);
}

TEST_CASE("calls at once wait their turn in order") {
  Pooled pool({"/bin/cat", {}, {}}, {.workers = 1});
  std::vector<std::string> requests;
  for (int i = 0; i < 30; ++i) requests.push_back(std::to_string(i));
  const auto answers = pool.call_all(requests);
  REQUIRE(answers.size() == requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) CHECK(answers[i] == requests[i]);
  CHECK(pool->counts().started == 1);
}

TEST_CASE("calls at once use all the workers there may be") {
  Pooled pool({"/bin/cat", {}, {}}, {.workers = 3});
  for (const auto& answer : pool.call_all(std::vector<std::string>(30, "hello"))) CHECK(answer.has_value());
  CHECK(pool->counts().started == 3);
}

TEST_CASE("more calls than may wait are refused and may come again") {
  Pooled pool({"/bin/cat", {}, {}}, {.workers = 1, .queue = 2});
  const auto answers = pool.call_all({"at work", "waits", "waits too", "refused"});
  REQUIRE(answers.size() == 4);
  REQUIRE_FALSE(answers[0]);
  CHECK(answers[0].error().code == ErrorCode::busy);
  CHECK(answers[0].error().retryable);
  for (std::size_t i = 1; i < 4; ++i) CHECK(answers[i].has_value());
}

TEST_CASE("after a crash the next call has a fresh worker") {
  for (const auto& support : levels_here()) {
    Pooled pool(worker_program(), {.workers = 1}, support);
    CHECK(pool.call("pid"));
    const auto crashed = pool.call("crash");
    REQUIRE_FALSE(crashed);
    CHECK(crashed.error().message.find("SIGSEGV") != std::string::npos);
    const auto second = pool.call("pid");
    CHECK_MESSAGE(second.has_value(), second.error().message);
    CHECK(pool->counts().started == 2);
  }
}

TEST_CASE("one that hangs costs only its own call") {
  Pooled pool(worker_program(), {.workers = 2});
  CHECK(pool.call_all({"warm", "warm"}).size() == 2);
  const auto answers = pool.call_all({"hang", "a", "b", "c"}, 300ms);
  REQUIRE(answers.size() == 4);
  CHECK(answers[0] == "a");
  CHECK(answers[1] == "b");
  CHECK(answers[2] == "c");
  CHECK(answers[3].error().code == ErrorCode::timeout);
}

TEST_CASE("a call that waits gives up at its deadline and at its stop, and the others go on") {
  Pooled pool(worker_program(), {.workers = 1});
  std::vector<std::string> log;
  Stop never;
  Stop stop;
  auto all = [&]() -> Task<bool> {
    Nursery nursery(pool.loop);
    auto spawn = [&](std::string request, Stop& s, Deadline deadline) {
      nursery.spawn("a call", [&, request, deadline]() -> Task<> {
        const auto answer = co_await pool->call(request, s, deadline);
        log.push_back(request + ": " + (answer ? *answer : answer.error().message));
        if (request == "late") stop.request(StopReason::cancelled);
      });
    };
    spawn("hang", never, Deadline::after(g_clock, 600ms));
    spawn("late", never, Deadline::after(g_clock, 50ms));
    spawn("unwanted", stop, Deadline());
    spawn("patient", never, Deadline::after(g_clock, 30s));
    co_await nursery.join();
    co_return true;
  };
  fakes::run(pool.loop, all());
  REQUIRE(log.size() == 4);
  CHECK(log[0] == "late: waiting for a worker " +
                      std::filesystem::path(worker_program().path).filename().string() + ": ran out of time");
  CHECK(log[1].starts_with("unwanted: waiting for a worker"));
  CHECK(log[2].starts_with("hang: worker"));
  CHECK(log[3] == "patient: patient");
}

TEST_CASE("fresh workers that fail at once are started ever more slowly, and a good one ends that") {
  Pooled pool(worker_program({"die at once"}), {.workers = 1, .backoff_first = 40ms, .backoff_most = 100ms});
  const auto begun = g_clock.now();
  for (int i = 0; i < 4; ++i) CHECK(pool.call("hello").error().code == ErrorCode::tool);
  CHECK(g_clock.now() - begun >= 40ms + 80ms + 100ms);
  const auto hurried = pool.call("hello", 10ms);
  CHECK(hurried.error().message.find("waiting before starting") != std::string::npos);
  CHECK(pool->counts().started == 4);
}

TEST_CASE("a crash of a worker that was good before holds nobody up") {
  Pooled pool(worker_program(), {.workers = 1, .backoff_first = 60'000ms, .backoff_most = 60'000ms});
  for (int i = 0; i < 3; ++i) {
    CHECK(pool.call("hello"));
    CHECK_FALSE(pool.call("exit"));
  }
  CHECK(pool.call("hello"));
}

TEST_CASE("a worker with nothing to do ends, and one comes back when needed") {
  Pooled pool({"/bin/cat", {}, {}}, {.workers = 2, .idle = 30ms});
  CHECK(pool.call("hello"));
  auto until_idle = [&]() -> Task<bool> {
    Stop stop;
    for (int i = 0; i < 1'000 && pool->counts().alive > 0; ++i) co_await pool.loop.sleep_for(5ms, stop);
    co_return pool->counts().alive == 0;
  };
  CHECK(fakes::run(pool.loop, until_idle()));
  CHECK(pool.call("again") == "again");
  CHECK(pool->counts().started == 2);
}

TEST_CASE("a worker that died while idle is replaced before the call") {
  Pooled pool({"/bin/cat", {}, {}}, {.workers = 1}, without_bubblewrap());
  CHECK(pool.call("hello"));
  std::ifstream children("/proc/self/task/" + std::to_string(::getpid()) + "/children");
  pid_t pid = 0;
  children >> pid;
  REQUIRE(pid > 0);
  REQUIRE(::kill(pid, SIGKILL) == 0);
  CHECK(eventually([&] { return pool->counts().alive == 0; }));
  CHECK(pool.call("again") == "again");
}

TEST_CASE("after its calls a worker makes way for a fresh one") {
  Pooled pool({"/bin/cat", {}, {}}, {.workers = 1, .calls = 5});
  for (int i = 0; i < 20; ++i) CHECK(pool.call("hello"));
  CHECK(pool->counts().started == 4);
}

TEST_CASE("closing ends what runs and what waits, and nothing begins after it") {
  Pooled pool(worker_program(), {.workers = 1});
  std::vector<Result<std::string>> answers;
  auto all = [&]() -> Task<bool> {
    Nursery nursery(pool.loop);
    Stop stop;
    for (int i = 0; i < 3; ++i)
      nursery.spawn("a call",
                    [&]() -> Task<> { answers.push_back(co_await pool->call("hang", stop, Deadline())); });
    co_await pool.loop.sleep_for(20ms, stop);
    co_await pool->close();
    CHECK(answers.size() == 3);
    answers.push_back(co_await pool->call("hello", stop, Deadline()));
    co_await nursery.join();
    co_return true;
  };
  fakes::run(pool.loop, all());
  REQUIRE(answers.size() == 4);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(answers[i].error().code == ErrorCode::cancelled);
    CHECK(answers[i].error().message.find("the daemon is stopping") != std::string::npos);
  }
  CHECK(answers[3].error().code == ErrorCode::unavailable);
}

TEST_CASE("500 calls at once on two workers, a crash now and then: nothing leaks") {
  const auto before = open_descriptors();
  {
    Pooled pool(worker_program(), {.workers = 2, .queue = 1'000});
    std::vector<std::string> requests(500, "hello");
    for (std::size_t i = 50; i < requests.size(); i += 50) requests[i] = "exit";
    const auto answers = pool.call_all(requests);
    int good = 0;
    for (const auto& answer : answers) {
      good += answer.has_value() ? 1 : 0;
      if (!answer)
        CHECK_MESSAGE(answer.error().message.find("exited with code 7") != std::string::npos,
                      answer.error().message);
    }
    CHECK(good == 491);
  }
  CHECK(childless());
  CHECK(open_descriptors() == before);
}

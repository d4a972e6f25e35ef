#include "runtime/sandbox/worker.h"

#include "tests/runtime/sandbox/sandboxed.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::sandbox;

namespace {

/// One worker on a loop of its own.
class Worked {
 public:
  explicit Worked(Program program, const Support& support = machine(), std::size_t frame_bytes = kFrameBytes)
      : cage_(worker_cage(support, std::move(program))) {
    auto worker = Worker::start(loop, cage_, frame_bytes);
    REQUIRE_MESSAGE(worker.has_value(), worker.error().message);
    worker_ = std::move(*worker);
  }
  ~Worked() {
    fakes::run(loop, worker_->end());
    CHECK(childless());
  }

  Result<std::string> call(std::string request, Milliseconds time = 30s) {
    Stop stop;
    return fakes::run(loop, worker_->call(std::move(request), stop, Deadline::after(g_clock, time)));
  }
  Worker& operator*() { return *worker_; }
  Worker* operator->() { return worker_.get(); }

  Loop loop{g_clock};

 private:
  Cage cage_;
  std::unique_ptr<Worker> worker_;
};

/// The call fails with `code` and a message that holds `words`, the worker is dead and says so from then on.
void dies(Worked& worker, const Result<std::string>& answer, ErrorCode code, std::string_view words) {
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == code);
  CHECK_MESSAGE(answer.error().message.find(words) != std::string::npos, answer.error().message);
  CHECK_FALSE(worker->fit());
  CHECK(childless());
  const auto late = worker.call("anybody there?");
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::unavailable);
  CHECK(late.error().message.find("is dead") != std::string::npos);
}

}  // namespace

TEST_CASE("cat is a worker: 500 calls come back as they went") {
  for (const auto& support : levels_here()) {
    Worked worker({"/bin/cat", {}, {}}, support);
    for (int i = 0; i < 500; ++i) {
      const std::string request(static_cast<std::size_t>(i) * 37, static_cast<char>(i));
      const auto answer = worker.call(request);
      REQUIRE_MESSAGE(answer.has_value(), answer.error().message);
      REQUIRE(*answer == request);
    }
    CHECK(worker->answered() == 500);
    CHECK(worker->fit());
  }
}

TEST_CASE("several megabytes go both ways while neither side waits for the other") {
  Worked worker({"/bin/cat", {}, {}});
  std::string request;
  for (int i = 0; request.size() < (8u << 20); ++i) request += std::to_string(i) + " ";
  const auto answer = worker.call(request);
  REQUIRE_MESSAGE(answer.has_value(), answer.error().message);
  CHECK(*answer == request);
}

TEST_CASE("the worker's side answers, also with nothing, and printing does not break it") {
  for (const auto& support : levels_here()) {
    Worked worker(worker_program(), support);
    CHECK(worker.call("a question") == "a question");
    CHECK(worker.call("") == "");
    CHECK(worker.call("print") == "print");
    const std::string large(3u << 20, 'x');
    CHECK(worker.call(large) == large);
    CHECK(worker.call("pid").value() == worker.call("pid").value());
  }
}

TEST_CASE("the worker is confined before it reads anything") {
  for (const auto& support : levels_here()) {
    Worked worker(worker_program(), support);
    CHECK(worker.call("socket") == "Operation not permitted");
    CHECK(worker.call("fork") == "Operation not permitted");
    CHECK(worker.call("open") != "done");
  }
}

TEST_CASE("a crash is an error with the signal and the last words") {
  for (const auto& support : levels_here()) {
    Worked worker(worker_program(), support);
    CHECK(worker.call("warm up"));
    dies(worker, worker.call("crash"), ErrorCode::tool,
         "was ended by SIGSEGV during a call, with no answer: about to fall");
  }
}

TEST_CASE("a worker that exits or throws says how it ended") {
  Worked exits(worker_program());
  dies(exits, exits.call("exit"), ErrorCode::tool, "exited with code 7 during a call");
  Worked throws(worker_program());
  dies(throws, throws.call("throw"), ErrorCode::tool,
       "exited with code 1 during a call, with no answer: worker: cannot read this");
}

TEST_CASE("a worker that ends at once fails its first call") {
  Worked worker(worker_program({"die at once"}));
  dies(worker, worker.call("hello"), ErrorCode::tool, "exited with code 3");
}

TEST_CASE("past its deadline a worker is killed, hanging or spinning") {
  for (const auto* how : {"hang", "spin"}) {
    Worked worker(worker_program());
    CHECK(worker.call("warm up"));
    const auto begun = g_clock.now();
    const auto answer = worker.call(how, 200ms);
    CHECK(g_clock.now() - begun < 5s);
    dies(worker, answer, ErrorCode::timeout, "ran out of time with no answer and was killed");
  }
}

TEST_CASE("a stop kills the worker in the middle of a call") {
  Worked worker(worker_program());
  CHECK(worker.call("warm up"));
  Stop stop;
  const auto alarm = worker.loop.at(g_clock.now() + 20ms, [&] { stop.request(StopReason::shutdown); });
  const auto answer = fakes::run(worker.loop, worker->call("hang", stop, Deadline::after(g_clock, 30s)));
  dies(worker, answer, ErrorCode::cancelled, "the daemon is stopping");
}

TEST_CASE("a stop or deadline before the call leaves the worker alone") {
  Worked worker({"/bin/cat", {}, {}});
  Stop stop;
  stop.request(StopReason::cancelled);
  const auto cancelled = fakes::run(worker.loop, worker->call("hello", stop, Deadline()));
  REQUIRE_FALSE(cancelled);
  CHECK(cancelled.error().code == ErrorCode::cancelled);
  const auto late = worker.call("hello", -1ms);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::timeout);
  CHECK(worker.call("still here") == "still here");
}

TEST_CASE("broken framing kills the worker and says what was wrong") {
  struct Case {
    const char* how;
    ErrorCode code;
    const char* words;
  };
  for (const auto& [how, code, words] : {
           Case{"half", ErrorCode::tool,
                "exited with code 0 during a call, with 5 of 12 bytes of its answer"},
           Case{"half and hang", ErrorCode::timeout, "ran out of time with 5 of 12 bytes of its answer"},
           Case{"oversize", ErrorCode::protocol, "announced an answer of 2147483647 bytes"},
           Case{"garbage", ErrorCode::protocol, "announced an answer of 1347703880 bytes"},
           Case{"twice", ErrorCode::protocol, "sent more than one answer"},
       }) {
    CAPTURE(std::string(how));
    Worked worker(worker_program({how}));
    dies(worker, worker.call("hello", code == ErrorCode::timeout ? Milliseconds(500) : Milliseconds(30'000)),
         code, words);
  }
}

TEST_CASE("a worker that closes its channel and stays is killed") {
  // Not so inside bubblewrap, whose own processes keep the channel open: there it takes until the deadline.
  Worked worker(worker_program({"hang up"}), without_bubblewrap());
  dies(worker, worker.call("hello"), ErrorCode::tool, "was ended by SIGKILL during a call, with no answer");
}

TEST_CASE("a worker that speaks without being asked is not believed") {
  Worked worker(worker_program({"unasked"}));
  CHECK(eventually([&] { return !worker->fit(); }));
  dies(worker, worker.call("hello"), ErrorCode::protocol, "spoke without being asked");
}

TEST_CASE("a flood of error output kills the worker") {
  Worked worker(worker_program());
  dies(worker, worker.call("flood"), ErrorCode::too_large, "flooded its error output");
}

TEST_CASE("a request over the limit is not sent and does no harm, an answer over it is") {
  Worked worker({"/bin/cat", {}, {}}, machine(), 1000);
  const auto refused = worker.call(std::string(1001, 'x'));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::too_large);
  CHECK(worker.call(std::string(1000, 'x')) == std::string(1000, 'x'));
}

TEST_CASE("a second call during the first is refused and the first goes on") {
  Worked worker({"/bin/cat", {}, {}});
  Stop stop;
  auto both = [](Worked& on, Stop& never) -> Task<bool> {
    Nursery nursery(on.loop);
    std::vector<Result<std::string>> answers;
    for (const char* request : {"first", "second"})
      nursery.spawn("a call", [&on, &never, &answers, request]() -> Task<> {
        answers.push_back(co_await on->call(request, never, Deadline()));
      });
    co_await nursery.join();
    CHECK(answers.at(0).error().code == ErrorCode::conflict);
    CHECK(answers.at(1) == "first");
    co_return true;
  };
  CHECK(fakes::run(worker.loop, both(worker, stop)));
}

TEST_CASE("a worker whose program cannot be executed says so in the first call") {
  Worked worker({"/usr/share", {}, {}}, without_bubblewrap());
  dies(worker, worker.call("hello"), ErrorCode::unavailable,
       "could not be started: executing it: Permission denied");
}

TEST_CASE("workers leave nothing behind") {
  std::size_t after_first = 0;
  for (int i = 0; i < 10; ++i) {
    {
      Worked good(worker_program());
      CHECK(good.call("hello"));
      Worked bad(worker_program());
      CHECK_FALSE(bad.call("exit"));
      Worked unused({"/bin/cat", {}, {}});
      fakes::run(good.loop, good->end());
      fakes::run(unused.loop, unused->end());
    }
    if (i == 0) after_first = open_descriptors();
    CHECK(open_descriptors() == after_first);
  }
}

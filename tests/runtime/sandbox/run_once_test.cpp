#include "runtime/sandbox/run_once.h"

#include "runtime/sandbox/child.h"
#include "tests/runtime/sandbox/sandboxed.h"

#include <csignal>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::sandbox;

namespace {

bool says(const Result<std::string>& result, std::string_view words) {
  return !result && result.error().message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("the output of a program is the result") {
  for (const auto& support : levels_here()) {
    const auto said = run_in(support, plain(), shell("echo hello; echo aside >&2"));
    REQUIRE_MESSAGE(said.has_value(), said.error().message);
    CHECK(*said == "hello\n");
  }
}

TEST_CASE("an exit code is an error that says the code and the last words") {
  for (const auto& support : levels_here()) {
    const auto said = run_in(support, plain(), shell("echo first >&2; echo 'no such page' >&2; exit 3"));
    REQUIRE_FALSE(said);
    CHECK(said.error().code == ErrorCode::tool);
    CHECK(said.error().message == "sh exited with code 3: first | no such page");
  }
}

TEST_CASE("a signal is an error that names it") {
  for (const auto& support : levels_here()) {
    const auto said = run_in(support, plain(), shell("kill -SEGV $$"));
    CHECK_MESSAGE(says(said, "sh was ended by SIGSEGV"), said.error().message);
    CHECK(said.error().code == ErrorCode::tool);
  }
}

TEST_CASE("without Landlock to keep signals inside, a program can send none") {
  auto support = without_bubblewrap();
  support.landlock = 0;
  const auto said = run_in(support, plain(), shell("kill -SEGV $$ || echo refused"));
  REQUIRE_MESSAGE(said.has_value(), said.error().message);
  CHECK(*said == "refused\n");
}

TEST_CASE("past its deadline a program that ignores SIGTERM is killed") {
  for (const auto& support : levels_here()) {
    const auto begun = g_clock.now();
    const auto said =
        run_in(support, plain(), shell("trap '' TERM INT HUP; echo on it >&2; while :; do :; done"),
               {.time = 300ms});
    const auto took = g_clock.now() - begun;
    REQUIRE_FALSE(said);
    CHECK(said.error().code == ErrorCode::timeout);
    CHECK(says(said, "ran out of time"));
    CHECK(says(said, "on it"));
    CHECK(took < 5s);
    CHECK(childless());
  }
}

TEST_CASE("a stop kills a running program, and one that came before starts none") {
  for (const auto& support : levels_here()) {
    const std::string nap = unique_nap();
    auto cage = Cage::make(support, plain(), {"/bin/sleep", {nap}, {}});
    REQUIRE(cage);
    Loop loop(g_clock);
    Stop stop;
    bool seen = false;
    std::function<void()> cancel_when_it_runs;
    Loop::Alarm alarm;
    cancel_when_it_runs = [&] {
      seen = processes_marked(nap) > 0;
      if (seen) return stop.request(StopReason::cancelled);
      alarm = loop.at(g_clock.now() + 5ms, cancel_when_it_runs);
    };
    alarm = loop.at(g_clock.now() + 5ms, cancel_when_it_runs);

    const auto said = fakes::run(loop, run_once(loop, *cage, "", 10, Deadline::after(g_clock, 30s), stop));
    REQUIRE_FALSE(said);
    CHECK(said.error().code == ErrorCode::cancelled);
    CHECK(seen);
    CHECK(eventually([&] { return processes_marked(nap) == 0; }));

    const auto late = fakes::run(loop, run_once(loop, *cage, "", 10, Deadline::after(g_clock, 30s), stop));
    REQUIRE_FALSE(late);
    CHECK(late.error().message == "sleep: cancelled");
  }
}

TEST_CASE("a deadline that has passed starts nothing") {
  const auto said = run_in(machine(), plain(), shell("echo hello"), {.time = -1ms});
  REQUIRE_FALSE(said);
  CHECK(said.error().message == "sh: ran out of time");
}

TEST_CASE("a flood of output is cut at the limit and its program killed") {
  for (const auto& support : levels_here()) {
    const auto said = run_in(support, plain(), {"/bin/cat", {"/dev/zero"}, {}}, {.output_bytes = 1'000'000});
    REQUIRE_FALSE(said);
    CHECK(said.error().code == ErrorCode::too_large);
    CHECK(says(said, "cat wrote more than 1000000 bytes of output"));
  }
}

TEST_CASE("output of exactly the limit is no flood") {
  const auto said = run_in(machine(), plain(), {"/usr/bin/head", {"-c", "100000", "/dev/zero"}, {}},
                           {.output_bytes = 100'000});
  REQUIRE_MESSAGE(said.has_value(), said.error().message);
  CHECK(said->size() == 100'000);
}

TEST_CASE("a flood of error output ends its program") {
  const auto said =
      run_in(machine(), plain(), shell("while :; do echo 'a long complaint about everything' >&2; done"));
  REQUIRE_FALSE(said);
  CHECK(said.error().code == ErrorCode::too_large);
  CHECK(says(said, "flooded its error output"));
}

TEST_CASE("several megabytes go in and come out at once") {
  std::string input;
  for (int i = 0; input.size() < (6u << 20); ++i) input += std::to_string(i) + "\n";
  for (const auto& support : levels_here()) {
    const auto said = run_in(support, plain(), {"/bin/cat", {}, {}}, {.input = input});
    REQUIRE_MESSAGE(said.has_value(), said.error().message);
    CHECK(*said == input);
  }
}

TEST_CASE("an input over the limit runs nothing") {
  const auto said =
      run_in(machine(), plain(), {"/bin/cat", {}, {}}, {.input = std::string(kRunInputBytes + 1, 'x')});
  REQUIRE_FALSE(said);
  CHECK(said.error().code == ErrorCode::too_large);
  CHECK(says(said, "was not run"));
}

TEST_CASE("a program that does not read its input is no error") {
  const auto said = run_in(machine(), plain(), shell("echo done"), {.input = std::string(1 << 20, 'x')});
  REQUIRE_MESSAGE(said.has_value(), said.error().message);
  CHECK(*said == "done\n");
}

TEST_CASE("what cannot be a program is refused by name, what cannot be executed says why") {
  CHECK(says(run_in(machine(), plain(), {"bin/cat", {}, {}}),
             "the program of a sandbox must be absolute: \"bin/cat\""));
  CHECK(says(run_in(machine(), plain(), {"/bin/no-such-program", {}, {}}),
             "does not exist: /bin/no-such-program"));
  auto confinement = plain();
  confinement.readable.emplace_back("/no/such/folder");
  CHECK(says(run_in(machine(), confinement, shell("")), "a readable path of a sandbox does not exist"));

  const auto said = run_in(without_bubblewrap(), plain(), {"/usr/share", {}, {}});
  REQUIRE_FALSE(said);
  CHECK(said.error().code == ErrorCode::unavailable);
  CHECK_MESSAGE(says(said, "share could not be started: executing it: Permission denied"),
                said.error().message);
}

TEST_CASE("what a stranger's program says is cleaned before it is shown") {
  const auto said =
      run_in(machine(), plain(), shell("printf '\\033[31mred\\000\\377 \\303\\251' >&2; exit 1"));
  REQUIRE_FALSE(said);
  CHECK(said.error().message == "sh exited with code 1:  [31mred ? é");
}

TEST_CASE("what a program left running is gone when it has ended") {
  for (const auto& support : levels_here()) {
    const std::string nap = unique_nap();
    const auto said =
        run_in(support, with_processes(), shell("sleep " + nap + " >/dev/null 2>&1 & echo started"));
    REQUIRE_MESSAGE(said.has_value(), said.error().message);
    CHECK(*said == "started\n");
    CHECK(eventually([&] { return processes_marked(nap) == 0; }));
  }
}

TEST_CASE("grandchildren are gone after the kill, also those that tried to leave") {
  for (const auto& support : levels_here()) {
    const std::string nap = unique_nap();
    const auto said = run_in(support, with_processes(),
                             shell("(sleep " + nap + "; true) & setsid sleep " + nap +
                                   " & (trap '' TERM; sleep " + nap + ") & wait"),
                             {.time = 500ms});
    REQUIRE_FALSE(said);
    CHECK(said.error().code == ErrorCode::timeout);
    CHECK(eventually([&] { return processes_marked(nap) == 0; }));
  }
}

TEST_CASE("a fork bomb meets its bound") {
  for (const auto& support : levels_here()) {
    const std::string nap = unique_nap();
    const auto said = run_in(support, with_processes(),
                             shell("i=0; while [ $i -lt 500 ]; do sleep " + nap +
                                   " & i=$((i+1)); echo $i >&2; done; echo unbounded"));
    REQUIRE_FALSE(said);
    CHECK_MESSAGE(says(said, "Cannot fork"), said.error().message);
    const auto& message = said.error().message;
    const auto last = message.rfind(" | ", message.rfind(" | ") - 1);
    // Those of the same user that were ending when the bound was set leave their places.
    CHECK_MESSAGE(std::atoi(message.c_str() + last + 3) <= 2 * (8 + static_cast<int>(kProcessSlack)),
                  message);
    CHECK(eventually([&] { return processes_marked(nap) == 0; }));
  }
}

TEST_CASE("a program ends with the process that started it") {
  for (const auto& support : levels_here()) {
    const std::string nap = unique_nap();
    auto cage = Cage::make(support, plain(), {"/bin/sleep", {nap}, {}});
    REQUIRE(cage);
    int done[2];
    REQUIRE(::pipe(done) == 0);
    const pid_t parent = ::fork();
    REQUIRE(parent >= 0);
    if (parent == 0) {
      ::close(done[1]);
      const auto started = cage->start({});
      char byte;
      const auto told = ::read(done[0], &byte, 1);
      ::_exit(started && told == 1 ? 0 : 1);
    }
    const bool ran = eventually([&] { return processes_marked(nap) > 0; });
    CHECK(::write(done[1], "x", 1) == 1);
    int status = -1;
    ::waitpid(parent, &status, 0);
    ::close(done[0]);
    ::close(done[1]);
    CHECK(ran);
    CHECK(status == 0);
    CHECK(eventually([&] { return processes_marked(nap) == 0; }));
  }
}

TEST_CASE("nothing leaks over many runs, good, killed and flooded") {
  const auto cage = Cage::make(without_bubblewrap(), plain(), {"/bin/cat", {}, {}});
  const auto hang = Cage::make(without_bubblewrap(), plain(), {"/bin/sleep", {"1000"}, {}});
  REQUIRE(cage);
  REQUIRE(hang);
  std::size_t after_first = 0;
  for (int i = 0; i < 20; ++i) {
    Loop loop(g_clock);
    Stop stop;
    CHECK(fakes::run(loop, run_once(loop, *cage, "text", 100, Deadline::after(g_clock, 30s), stop)));
    CHECK_FALSE(fakes::run(loop, run_once(loop, *cage, "text", 3, Deadline::after(g_clock, 30s), stop)));
    CHECK_FALSE(fakes::run(loop, run_once(loop, *hang, "", 3, Deadline::after(g_clock, 5ms), stop)));
    CHECK(childless());
    if (i == 0) after_first = open_descriptors();
    CHECK(open_descriptors() == after_first);
  }
}

TEST_CASE("a loop that goes away takes its processes along") {
  const std::string nap = unique_nap();
  const auto cage = Cage::make(without_bubblewrap(), plain(), {"/bin/sleep", {nap}, {}});
  REQUIRE(cage);
  const auto before = open_descriptors();
  {
    Loop loop(g_clock);
    const auto child = Child::start(loop, *cage, {});
    REQUIRE(child);
    CHECK(eventually([&] { return processes_marked(nap) == 1; }));
  }
  CHECK(childless());
  CHECK(processes_marked(nap) == 0);
  CHECK(open_descriptors() == before);
}

#include "runtime/sandbox/run_once.h"

#include "tests/fakes/run_loop.h"
#include "tests/runtime/sandbox/levels.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::sandbox;
using namespace std::chrono_literals;

namespace {
SystemClock g_clock;

Result<std::string> run_in(const Support& support, const Confinement& confinement, Program program,
                           std::string input = "", std::size_t output_bytes = kRunOutputBytes,
                           Milliseconds time = 20s) {
  auto cage = Cage::make(support, confinement, std::move(program));
  if (!cage) return fail(cage.error());
  Loop loop(g_clock);
  Stop stop;
  return fakes::run(
      loop, run_once(loop, *cage, std::move(input), output_bytes, Deadline::after(g_clock, time), stop));
}
}  // namespace

TEST_CASE("smoke") {
  MESSAGE(describe(machine()));
  for (const auto& support : levels_here()) {
    auto r = run_in(support, {.readable = system_paths()},
                    shell("echo hi; ulimit -a; ls -l /proc/self/fd; echo e >&2; kill -9 $$"));
    MESSAGE((r.has_value() ? *r : r.error().message));
    r = run_in(support, {.readable = system_paths()}, shell("echo hi; cat | wc -c"));
    MESSAGE((r.has_value() ? *r : r.error().message));
    r = run_in(support, {.readable = system_paths()}, {"/bin/cat"}, std::string(5 << 20, 'x'));
    MESSAGE((r.has_value() ? std::to_string(r->size()) : r.error().message));
    r = run_in(support, {.readable = system_paths(), .processes = 4},
               shell("ls -la /; id; echo x | wc -c; cat /etc/shadow"));
    MESSAGE((r.has_value() ? *r : r.error().message));
  }
}

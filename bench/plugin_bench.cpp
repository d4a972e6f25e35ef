// What a call of a plugin's tool costs: a plain function, the same in the daemon (`isolation: none`), and in
// a worker process, in one run. Usage: plugin_bench LIBRARY [CALLS] [ROUNDS]; LIBRARY offers a tool `echo` or
// `greet`.
#include "bench/measure.h"
#include "plugins/host/instance_pool.h"
#include "plugins/host/plugin_confinement.h"
#include "plugins/host/process_line.h"
#include "plugins/host/thread_line.h"
#include "plugins/host/worker_program.h"
#include "runtime/async/run_task.h"
#include "runtime/sandbox/support.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::plugins;

namespace {

constexpr std::string_view kInput = R"({"name":"a name of some length, as arguments of tools have"})";

class NoEvents final : public EventSink {
 public:
  void publish(Event) override {}
};

/// Microseconds of each call, sorted.
struct Times {
  std::vector<double> us;
  double at(double share) const {
    return us[std::min(us.size() - 1, static_cast<std::size_t>(share * static_cast<double>(us.size())))];
  }
};

template <class Call>
Task<int> take_times(int calls, Times& times, Call call) {
  for (int i = 0; i < calls; ++i) {
    const auto from = std::chrono::steady_clock::now();
    co_await call();
    times.us.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - from).count());
  }
  std::ranges::sort(times.us);
  co_return 0;
}

/// No inlining: what is measured is a call.
[[gnu::noinline]] std::string plain(std::string_view input) {
  auto json = parse_json(input);
  return json ? "Hello, " + string_or(*json, "name") + "!" : "";
}

Times time_plain(int calls) {
  SystemClock clock;
  Loop loop(clock);
  Times times;
  std::size_t kept = 0;
  run_task(loop, take_times(calls, times, [&]() -> Task<> {
             kept += plain(kInput).size();
             co_return;
           }));
  if (kept == 0) std::abort();
  return times;
}

/// Empty when a call fails.
Times time_pool(const std::string& library, bool process, int calls) {
  SystemClock clock;
  Loop loop(clock);
  LineMaker make;
  if (process) {
    auto cage = sandbox::Cage::make(sandbox::probe(), confinement_of({}, library), worker_program(library));
    if (!cage) return fmt::print(stderr, "{}\n", cage.error().message), Times{};
    make = process_lines(loop, std::make_shared<const sandbox::Cage>(std::move(*cage)));
  } else {
    auto opened = PluginLibrary::open(library);
    if (!opened) return fmt::print(stderr, "{}\n", opened.error().message), Times{};
    make = thread_lines(loop, std::make_shared<const PluginLibrary>(std::move(*opened)));
  }
  InstancePool pool(loop, std::move(make), {.name = "bench"}, {.workers = 1, .calls = 10'000'000});
  Times times;
  NoEvents events;
  Stop stop;
  CallContext context{.loop = loop, .stop = stop, .deadline = {}, .events = events};
  bool good = true;
  const auto all = [&]() -> Task<int> {
    (void)co_await pool.call({.input = std::string(kInput)}, context);  // starts it
    co_await take_times(calls, times, [&]() -> Task<> {
      good &= (co_await pool.call({.input = std::string(kInput)}, context)).has_value();
    });
    co_await pool.close();
    co_return 0;
  };
  run_task(loop, all());
  return good ? times : Times{};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && argv[1] == kWorkerArgument) return serve_plugin(argv[2]);
  if (argc < 2) {
    fmt::print(stderr, "usage: plugin_bench LIBRARY [CALLS] [ROUNDS]\n");
    return 2;
  }
  const int calls = argc > 2 ? std::atoi(argv[2]) : 20'000;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
  for (int round = 0; round < rounds; ++round) {
    const Times direct = time_plain(calls);
    const Times inside = time_pool(argv[1], false, calls);
    const Times worker = time_pool(argv[1], true, calls);
    if (inside.us.empty() || worker.us.empty()) return 1;
    fmt::print(
        "plain function p50 {:.1f} us, p99 {:.1f}; in the daemon p50 {:.1f}, p99 {:.1f}; worker p50 {:.1f}, "
        "p99 "
        "{:.1f}\n",
        direct.at(0.5), direct.at(0.99), inside.at(0.5), inside.at(0.99), worker.at(0.5), worker.at(0.99));
  }
  return 0;
}

#include "tests/simulation/simulation.h"

#include "tests/simulation/troupe_of_all.h"

#include <cstdlib>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::simulation;

namespace {

// TROUPE_SIMULATION_SEEDS=FIRST-LAST, or one seed; then its story is told.
struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 2'000;
  bool told = false;

  Seeds() {
    const char* wanted = std::getenv("TROUPE_SIMULATION_SEEDS");
    if (!wanted) return;
    const std::string text = wanted;
    const auto dash = text.find('-');
    first = std::stoull(text);
    last = dash == text.npos ? first : std::stoull(text.substr(dash + 1));
    told = dash == text.npos;
  }
};

}  // namespace

TEST_CASE(
    "whatever fails, hangs or ends in between, every run comes to one end and keeps what was promised") {
  const Seeds seeds;
  const Stage stage = std::make_shared<Outside*>(nullptr);
  const auto catalog = make_troupe(stage);
  Simulation::Figures all;
  for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    Simulation simulation(seed, catalog, stage);
    for (const std::string& wrong : simulation.run())
      FAIL_CHECK(fmt::format("TROUPE_SIMULATION_SEEDS={}: {}", seed, wrong));
    if (seeds.told) MESSAGE(simulation.story());
    const Simulation::Figures& one = simulation.figures();
    all.processes += one.processes;
    all.runs += one.runs;
    all.events += one.events;
    all.asked += one.asked;
    all.calls += one.calls;
    all.doubtful += one.doubtful;
    all.repeats += one.repeats;
  }
  MESSAGE(
      fmt::format("{} seeds: {} processes, {} runs, {} events, {} model calls, {} tool calls, {} told as "
                  "unknown, {} made again",
                  seeds.last - seeds.first + 1, all.processes, all.runs, all.events, all.asked, all.calls,
                  all.doubtful, all.repeats));
}

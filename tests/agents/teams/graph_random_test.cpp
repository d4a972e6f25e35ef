#include "tests/agents/teams/pattern_run.h"

#include <cstdint>

using namespace troupe;
using namespace troupe::agents;

namespace {

/// Numerical Recipes' generator: the same graphs on every machine.
class Numbers {
 public:
  explicit Numbers(std::uint32_t seed) : state_(seed) {}
  std::uint32_t below(std::uint32_t bound) {
    state_ = state_ * 1664525U + 1013904223U;
    return (state_ >> 8) % bound;
  }

 private:
  std::uint32_t state_;
};

// Every node may end the graph, so that whatever way it takes it comes to an answer.
TeamSettings random_graph(Numbers& numbers) {
  TeamSettings settings{.name = "g", .start = "n0"};
  const std::uint32_t nodes = 2 + numbers.below(5);
  const auto name = [&] { return "n" + std::to_string(numbers.below(nodes)); };
  for (std::uint32_t i = 0; i < nodes; ++i) {
    const std::string key = "n" + std::to_string(i);
    settings.nodes[key] = {.name = key, .run = "m"};
    settings.edges.push_back({.from = key, .to = "end"});
  }
  for (std::uint32_t i = 0; i < nodes * 2; ++i) {
    EdgeSettings edge{.from = name(), .to = name(), .most = 1 + static_cast<int>(numbers.below(2))};
    if (numbers.below(2) == 0)
      edge.when = ConditionSettings{.of = name(), .test = ConditionSettings::Test::contains, .value = "1"};
    settings.edges.push_back(std::move(edge));
  }
  settings.limits.parallel = 1 + static_cast<int>(numbers.below(4));
  return settings;
}

std::map<std::string, int> random_turns(Numbers& numbers, const TeamSettings& settings) {
  std::map<std::string, int> turns;
  for (const auto& [name, unused] : settings.nodes)
    for (int visit = 1; visit < 5; ++visit)
      turns[name + "." + std::to_string(visit)] = 1 + static_cast<int>(numbers.below(12));
  return turns;
}

}  // namespace

TEST_CASE("any graph comes to its end, and a resume asks again for all that was answered, and gets it") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Numbers numbers(seed);
    const TeamSettings settings = random_graph(numbers);
    PatternRun first(make_graph, settings);
    first.crew.turns = random_turns(numbers, settings);
    const auto answer = first.run();
    REQUIRE(answer);
    const auto& all = first.crew.records.all;
    for (std::size_t count = 0; count <= all.size(); ++count) {
      CAPTURE(count);
      PatternRun again(make_graph, settings);
      again.crew.records = first.crew.records.first(count);
      again.crew.turns = random_turns(numbers, settings);  // others are faster now
      const auto end = again.run();
      REQUIRE(end);
      for (std::size_t i = 0; i < count; ++i)
        if (all[i].outcome) CHECK(again.crew.asked(all[i].key));
      if (count < all.size()) continue;
      CHECK(again.crew.asks.empty());
      CHECK(told(end) == told(answer));
    }
  }
}

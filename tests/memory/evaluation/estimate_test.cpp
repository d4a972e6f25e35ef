#include "memory/evaluation/estimate.h"

#include "tests/memory/evaluation/fixture_lines.h"

#include <cmath>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

TEST_CASE("means and their intervals are those of a bootstrap written elsewhere") {
  int cases = 0;
  for (const Json& line : testing::fixture_lines("bootstrap.jsonl.gz")) {
    const auto values = line["values"].get<std::vector<double>>();
    const auto estimate = estimate_mean(values);
    REQUIRE(estimate);
    CHECK(estimate->n == values.size());
    CHECK(estimate->value == doctest::Approx(line["mean"].get<double>()).epsilon(1e-12));
    CHECK(estimate->low == doctest::Approx(line["low"].get<double>()).epsilon(1e-12));
    CHECK(estimate->high == doctest::Approx(line["high"].get<double>()).epsilon(1e-12));
    ++cases;
  }
  CHECK(cases == 6);
}

TEST_CASE("the interval of many cases is what the normal distribution says") {
  std::vector<double> values(1000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 10 < 3;
  const auto estimate = estimate_mean(values);
  const double half = 1.96 * std::sqrt(0.3 * 0.7 / 1000);
  CHECK(estimate->low == doctest::Approx(0.3 - half).epsilon(0.01));
  CHECK(estimate->high == doctest::Approx(0.3 + half).epsilon(0.01));
}

TEST_CASE("nothing of nothing, and no width of one") {
  CHECK_FALSE(estimate_mean({}));
  const auto one = estimate_mean(std::vector<double>{0.25});
  CHECK(one->low == 0.25);
  CHECK(one->high == 0.25);
}

TEST_CASE("a figure that is no mean is made anew of the cases that were drawn") {
  const auto largest = estimate(5, [](std::span<const std::uint32_t> drawn) {
    std::uint32_t most = 0;
    for (std::uint32_t number : drawn) {
      CHECK(number < 5);
      most = std::max(most, number);
    }
    return static_cast<double>(most);
  });
  CHECK(largest->value == 4);
  CHECK(largest->high == 4);
  CHECK(largest->low < 4);
}

TEST_CASE("many cases are resampled less often") {
  std::size_t calls = 0;
  estimate(kDrawsMax / 500, [&](std::span<const std::uint32_t>) { return static_cast<double>(++calls); });
  CHECK(calls == 501);
}

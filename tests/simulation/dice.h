#pragma once

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"

#include <cstddef>
#include <cstdint>

namespace troupe::simulation {

/// All chance of one simulation: the same seed throws the same. SplitMix64 (Steele, Lea, Flood 2014).
class Dice final : public Rng {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}

  std::uint64_t next() override {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(next() % end); }
  bool percent(std::size_t chance) { return below(100) < chance; }
  Milliseconds between(std::int64_t least, std::int64_t most) {
    return Milliseconds(least + static_cast<std::int64_t>(below(static_cast<std::size_t>(most - least + 1))));
  }

 private:
  std::uint64_t state_;
};

}  // namespace troupe::simulation

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// Where randomness comes from: ids, jitter. A simulation seeds its own; a replay records it.
class Rng {
 public:
  virtual ~Rng() = default;
  virtual std::uint64_t next() = 0;
};

/// From getrandom(2), buffered. One thread.
class SystemRng final : public Rng {
 public:
  std::uint64_t next() override;

 private:
  std::uint64_t pool_[32] = {};
  unsigned used_ = 32;
};

/// A fresh id such as "r_01jd3v9k7q2m8x5c": the prefix, then 48 bits of wall-clock milliseconds and
/// 40 random bits in Crockford's base 32 (lower case), so that ids sort by the time they were made.
std::string make_id(std::string_view prefix, std::int64_t wall_ms, Rng& rng);

}  // namespace troupe

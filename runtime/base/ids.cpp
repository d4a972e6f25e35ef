#include "runtime/base/ids.h"

#include <cstdlib>
#include <sys/random.h>

namespace troupe {

std::uint64_t SystemRng::next() {
  if (used_ == std::size(pool_)) {
    // getrandom of 256 bytes or less never fails or is cut short once the pool is initialised.
    if (getrandom(pool_, sizeof pool_, 0) != static_cast<ssize_t>(sizeof pool_)) std::abort();
    used_ = 0;
  }
  return pool_[used_++];
}

namespace {

constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

void append_base32(std::string& out, std::uint64_t bits, int digits) {
  for (int shift = (digits - 1) * 5; shift >= 0; shift -= 5) out += kAlphabet[(bits >> shift) & 31];
}

}  // namespace

std::string make_id(std::string_view prefix, std::int64_t wall_ms, Rng& rng) {
  std::string id;
  id.reserve(prefix.size() + 18);
  id += prefix;
  append_base32(id, static_cast<std::uint64_t>(wall_ms), 10);
  append_base32(id, rng.next(), 8);
  return id;
}

}  // namespace troupe

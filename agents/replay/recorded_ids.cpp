#include "agents/replay/recorded_ids.h"

#include <algorithm>
#include <string_view>

namespace troupe::agents {

namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kRandomDigits = 8;

std::uint64_t from_base32(std::string_view digits) {
  std::uint64_t value = 0;
  for (char digit : digits) value = value << 5 | (kAlphabet.find(digit) & 31);
  return value;
}

}  // namespace

RecordedIds::RecordedIds(const Recording& recording, StillClock& clock) : clock_(clock) {
  for (const store::LogLine& line : recording.lived())
    if (line.type == "run.started" && line.run != recording.root().id) ids_.push_back(parts_of(line.run));
  show_time();
}

// As make_id() puts them together.
RecordedIds::Parts RecordedIds::parts_of(std::string_view id) {
  id.remove_prefix(std::min(id.size(), id.find('_') + 1));
  const std::size_t time = id.size() - std::min(id.size(), kRandomDigits);
  return {static_cast<std::int64_t>(from_base32(id.substr(0, time))), from_base32(id.substr(time))};
}

void RecordedIds::show_time() {
  if (next_ < ids_.size()) clock_.set_wall(ids_[next_].wall_ms);
}

std::uint64_t RecordedIds::next() {
  if (next_ >= ids_.size()) return next_++;
  const std::uint64_t random = ids_[next_++].random;
  show_time();
  return random;
}

}  // namespace troupe::agents

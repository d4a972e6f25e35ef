#pragma once

#include "agents/replay/recording.h"
#include "agents/replay/still_clock.h"
#include "runtime/base/ids.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::agents {

/// The randomness of a replay. All that an engine needs it for are the ids of members' runs, and keys of
/// calls are made of those: they come out as they were recorded, one after the other. The wall clock shows
/// what it showed when each was made, since the time is in an id, too. Runs that nobody recorded have ids of
/// their own.
class RecordedIds final : public Rng {
 public:
  /// `clock` outlives it.
  RecordedIds(const Recording& recording, StillClock& clock);

  std::uint64_t next() override;

 private:
  struct Parts {
    std::int64_t wall_ms = 0;
    std::uint64_t random = 0;
  };
  static Parts parts_of(std::string_view id);
  void show_time();

  StillClock& clock_;
  std::vector<Parts> ids_;  // in the order they were made
  std::size_t next_ = 0;
};

}  // namespace troupe::agents

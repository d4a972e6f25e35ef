#include "agents/react/seen_outputs.h"

#include "agents/react/observation_note.h"

#include <algorithm>
#include <utility>

namespace troupe::agents {

void SeenOutputs::add(std::size_t from, std::size_t to, std::vector<Seen> seen) {
  if (to - from == seen.size()) {
    for (Seen& one : seen) seen_[from++].push_back(std::move(one));
  } else if (to - from == 1) {
    seen_[from] = std::move(seen);
  }
}

std::size_t SeenOutputs::longest(std::size_t at) const {
  auto found = seen_.find(at);
  std::size_t bytes = 0;
  if (found == seen_.end()) return bytes;
  for (const Seen& one : found->second) bytes = std::max(bytes, said_bytes(one.observation));
  return bytes;
}

std::optional<models::Message> SeenOutputs::shortened(const Strategy& strategy,
                                                      const models::Message& message, std::size_t at,
                                                      std::size_t bytes) const {
  if (longest(at) <= bytes) return std::nullopt;
  std::vector<Observation> observations;
  for (const Seen& one : seen_.at(at))
    observations.push_back(agents::shortened(one.observation, bytes, one.about_repeats));
  return strategy.rewritten(message, observations);
}

void SeenOutputs::shorten(std::size_t at, std::size_t bytes) {
  auto found = seen_.find(at);
  if (found == seen_.end()) return;
  for (Seen& one : found->second)
    one.observation = agents::shortened(one.observation, bytes, one.about_repeats);
}

void SeenOutputs::leave_out(std::size_t from, std::size_t count) {
  std::map<std::size_t, std::vector<Seen>> kept;
  for (auto& [at, seen] : seen_)
    if (at < from || at >= from + count) kept[at < from ? at : at - count] = std::move(seen);
  seen_ = std::move(kept);
}

}  // namespace troupe::agents

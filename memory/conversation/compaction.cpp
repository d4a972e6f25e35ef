#include "memory/conversation/compaction.h"

#include <algorithm>

namespace troupe::memory {

namespace {

// How many of the oldest turns have to go.
std::size_t due(const MemorySettings& settings, const Remembered& remembered, const RecallBounds& bounds,
                const Ruler& ruler) {
  const std::size_t all = remembered.turns.size();
  if (settings.type == "summary") return all - 1;
  const std::int64_t notes = remembered.notes ? bounds.notes : 0;
  std::vector<std::int64_t> sizes;
  std::int64_t total = 0;
  for (const Turn& turn : remembered.turns) total += sizes.emplace_back(size_of(turn, ruler));
  if (notes + total <= bounds.size * 4 / 5) return 0;
  std::size_t going = 0;
  const std::int64_t stays = (bounds.size - bounds.notes) / 2;
  while (going + 1 < all && total > stays) total -= sizes[going++];
  return going;
}

}  // namespace

std::optional<Compaction> plan_compaction(const MemorySettings& settings, const Remembered& remembered,
                                          const Ruler& ruler) {
  if (!summarises(settings) || remembered.turns.size() < 2) return std::nullopt;
  const RecallBounds bounds = bounds_of(settings);
  const std::size_t going = due(settings, remembered, bounds, ruler);
  if (going == 0) return std::nullopt;
  Compaction plan{.notes = room_for_text(bounds.notes, ruler)};
  // A very long turn is summarised from its beginning and end; so that it is not read at the cost of all
  // others it may have a half.
  std::int64_t left = kSummarizedTokens;
  while (plan.turns < going && plan.turns < kSummarizedTurns) {
    const Turn& turn = remembered.turns[plan.turns];
    const TurnCut cut = cut_turn(turn, kSummarizedTokens / 2, ruler);
    left -= size_of(messages_of(turn, cut), ruler);
    if (left < 0 && plan.turns > 0) break;
    plan.cuts.push_back(cut);
    ++plan.turns;
  }
  plan.kept = remembered.turns.size() - plan.turns;
  return plan;
}

}  // namespace troupe::memory

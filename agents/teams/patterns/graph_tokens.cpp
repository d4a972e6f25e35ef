#include "agents/teams/patterns/graph_tokens.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

std::string Firing::key() const {
  return fmt::format("{}.{}", node, visit);
}

void GraphTokens::put(const std::string& node, std::string from) {
  Waiting& waiting = waiting_[node];
  if (std::ranges::find(waiting, from) == waiting.end()) waiting.push_back(std::move(from));
}

int GraphTokens::visits(const std::string& node) const {
  const auto it = visits_.find(node);
  return it == visits_.end() ? 0 : it->second;
}

std::vector<Firing> GraphTokens::begin(const Earlier& earlier) {
  std::vector<Firing> begun;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    auto firing = running_.contains(it->first) ? std::nullopt : try_begin(it->first, it->second, earlier);
    if (firing) begun.push_back(std::move(*firing));
    it = it->second.empty() ? waiting_.erase(it) : std::next(it);
  }
  if (!running_.empty()) return begun;
  if (auto firing = break_up()) begun.push_back(std::move(*firing));
  return begun;
}

std::optional<Firing> GraphTokens::try_begin(const std::string& node, Waiting& waiting,
                                             const Earlier& earlier) {
  if (shape_.arriving(node) <= 1) return take(node, waiting, {waiting.front()});
  if (const auto after = earlier(fmt::format("{}.{}", node, visits(node) + 1))) {
    const auto is_there = [&](const std::string& from) {
      return std::ranges::find(waiting, from) != waiting.end();
    };
    if (after->empty() || !std::ranges::all_of(*after, is_there)) return std::nullopt;
    return take(node, waiting, *after);
  }
  if (!is_free(node)) return std::nullopt;
  return take(node, waiting, {waiting.begin(), waiting.end()});
}

bool GraphTokens::is_free(const std::string& node) const {
  const auto blocks = [&](const std::string& other) {
    return other != node && shape_.waits_for(node, other);
  };
  return std::ranges::none_of(running_, blocks) &&
         std::ranges::none_of(waiting_, [&](const auto& other) { return blocks(other.first); });
}

Firing GraphTokens::take(const std::string& node, Waiting& waiting, std::vector<std::string> after) {
  for (const std::string& from : after) std::erase(waiting, from);
  running_.insert(node);
  // In an order that does not depend on which of them was there first.
  std::ranges::sort(after);
  return {
      .node = node, .visit = ++visits_[node], .after = std::move(after), .joins = shape_.arriving(node) > 1};
}

std::optional<Firing> GraphTokens::break_up() {
  const auto farthest = std::ranges::max_element(
      waiting_, {}, [&](const auto& waiting) { return shape_.place(waiting.first); });
  if (farthest == waiting_.end()) return std::nullopt;
  Firing firing = take(farthest->first, farthest->second, {farthest->second.begin(), farthest->second.end()});
  waiting_.erase(farthest);
  return firing;
}

}  // namespace troupe::agents

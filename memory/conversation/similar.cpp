#include "memory/conversation/similar.h"

#include "memory/knowledge/search/mmr.h"

#include <algorithm>
#include <utility>

namespace troupe::memory {

namespace {

constexpr std::size_t kPartBytes = 2u << 10;  // more only blurs what a turn is about

std::string_view beginning(std::string_view text) {
  if (text.size() <= kPartBytes) return text;
  std::size_t end = kPartBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

std::string text_to_embed(std::string_view message) {
  return blank(message) ? "" : std::string(beginning(message));
}

std::string text_to_embed(const Turn& turn) {
  std::string text(
      beginning(std::string_view(turn.user.content).substr(0, turn.user.content.size() - turn.user_tail)));
  if (turn.answer) {
    if (!text.empty()) text += '\n';
    text += beginning(turn.answer->content);
  }
  return blank(text) ? "" : text;
}

std::vector<std::size_t> most_similar(std::span<const float> query,
                                      std::span<const std::vector<float>> vectors, std::size_t k) {
  std::vector<std::pair<double, std::size_t>> ranked;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    if (vectors[i].size() != query.size()) continue;
    if (const double alike = cosine(query, vectors[i]); alike > 0) ranked.emplace_back(alike, i);
  }
  const std::size_t count = std::min(k, ranked.size());
  std::ranges::partial_sort(ranked, ranked.begin() + static_cast<std::ptrdiff_t>(count), std::greater<>());
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < count; ++i) places.push_back(ranked[i].second);
  return places;
}

}  // namespace troupe::memory

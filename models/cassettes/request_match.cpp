#include "models/cassettes/request_match.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr std::size_t kShownBytes = 40;

std::string shown(const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : dump(value);
  if (text.size() <= kShownBytes) return text;
  std::size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::string text_difference(const std::string& path, const std::string& a, const std::string& b) {
  std::size_t at = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  std::size_t from = at > 10 ? at - 10 : 0;  // a little of what leads up to it
  auto cut = [](const std::string& text, std::size_t place) {
    while (place > 0 && place < text.size() && (static_cast<unsigned char>(text[place]) & 0xC0) == 0x80)
      --place;
    return shown(text.substr(std::min(place, text.size())));
  };
  return fmt::format("{}: at byte {} recorded “{}” but asked “{}”", path, at, cut(a, from), cut(b, from));
}

std::optional<std::string> difference(const std::string& path, const Json& a, const Json& b) {
  if (a == b) return std::nullopt;
  if (a.is_string() && b.is_string())
    return text_difference(path, a.get<std::string>(), b.get<std::string>());
  if (a.is_array() && b.is_array()) {
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
      if (auto found = difference(fmt::format("{}[{}]", path, i), a[i], b[i])) return found;
    return fmt::format("{}: {} recorded but {} asked", path, a.size(), b.size());
  }
  if (a.is_object() && b.is_object()) {
    // In the order a person would look: roles before contents, messages before the rest.
    std::set<std::string> keys;
    for (auto& [key, value] : a.items()) keys.insert(key);
    for (auto& [key, value] : b.items()) keys.insert(key);
    for (const std::string& key : keys) {
      std::string inner = path.empty() ? key : path + "." + key;
      const Json* left = find(a, key);
      const Json* right = find(b, key);
      if (!left) return fmt::format("{}: not recorded but asked: {}", inner, shown(*right));
      if (!right) return fmt::format("{}: recorded but not asked: {}", inner, shown(*left));
      if (auto found = difference(inner, *left, *right)) return found;
    }
  }
  return fmt::format("{}: recorded {} but asked {}", path, shown(a), shown(b));
}

// What a request to each of the providers holds a conversation, or the texts to embed, in.
constexpr std::array<std::string_view, 5> kConversations{"messages", "contents", "input", "inputs",
                                                         "requests"};

std::size_t same_beginning(const Json& a, const Json& b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  std::size_t same = 0;
  while (same < shorter && a[same] == b[same]) ++same;
  std::size_t score = same * 16 + (a.size() == b.size() ? 4 : 0);
  if (same < shorter && string_or(a[same], "role") == string_or(b[same], "role")) ++score;
  return score;
}

}  // namespace

std::optional<std::string> first_difference(const Json& recorded, const Json& asked) {
  return difference("", recorded, asked);
}

std::size_t likeness(const Json& recorded, const Json& asked) {
  std::size_t score = string_or(recorded, "url") == string_or(asked, "url") ? 32 : 0;
  const Json* a = find(recorded, "body");
  const Json* b = find(asked, "body");
  if (!a || !b) return score;
  if (*a == *b) score += 16;
  if (!a->is_object() || !b->is_object()) return score;
  for (const auto& [key, value] : b->items()) {
    const Json* other = find(*a, key);
    if (!other) continue;
    const bool conversation = std::ranges::find(kConversations, key) != kConversations.end();
    if (conversation && value.is_array() && other->is_array())
      score += same_beginning(*other, value);
    else if (*other == value)
      ++score;
  }
  return score;
}

}  // namespace troupe::models

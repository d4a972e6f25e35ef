#include "memory/knowledge/search/citations.h"
#include "memory/knowledge/search/limits.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace troupe::memory {

namespace {

constexpr std::size_t kRangeNumbers = 100;
constexpr std::size_t kDigits = 3;
constexpr std::size_t kMarkerBytes = 200;
constexpr std::size_t kTicks = 8;  // bounds how often unclosed ones are looked for to the end

bool take(std::string_view text, std::size_t& at, std::string_view token) {
  if (!text.substr(at).starts_with(token)) return false;
  at += token.size();
  return true;
}

void skip_blanks(std::string_view text, std::size_t& at) {
  while (take(text, at, " ") || take(text, at, "\u00A0") || take(text, at, "\u3000")) {
  }
}

std::optional<std::size_t> take_number(std::string_view text, std::size_t& at) {
  const std::size_t from = at;
  std::size_t number = 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - from <= kDigits)
    number = number * 10 + static_cast<std::size_t>(text[at++] - '0');
  if (at == from || at - from > kDigits) return std::nullopt;
  return number;
}

bool take_dash(std::string_view text, std::size_t& at) {
  return take(text, at, "-") || take(text, at, "–") || take(text, at, "—") || take(text, at, "~");
}

bool take_comma(std::string_view text, std::size_t& at) {
  return take(text, at, ",") || take(text, at, ";") || take(text, at, "，") || take(text, at, "、");
}

// "3", "2-4"
bool take_item(std::string_view text, std::size_t& at, std::vector<std::size_t>& numbers) {
  take(text, at, "^");
  const auto first = take_number(text, at);
  if (!first) return false;
  std::size_t last = *first;
  skip_blanks(text, at);
  if (take_dash(text, at)) {
    skip_blanks(text, at);
    const auto number = take_number(text, at);
    if (!number || *number < *first || *number - *first >= kRangeNumbers) return false;
    last = *number;
  }
  for (std::size_t n = *first; n <= last; ++n) numbers.push_back(n);
  return true;
}

// "【4:0†source】": what stands behind the number is a name, not a part of it.
bool take_dagger(std::string_view text, std::size_t& at, std::string_view close) {
  std::size_t probe = at;
  if (take(text, probe, ":") && !take_number(text, probe)) return false;
  if (!take(text, probe, "†")) return false;
  const std::size_t end = text.substr(0, probe + kMarkerBytes).find(close, probe);
  if (end == text.npos || text.substr(probe, end - probe).contains('\n')) return false;
  at = end;
  return true;
}

std::optional<CitationMarker> take_marker(std::string_view text, std::size_t& at) {
  constexpr std::pair<std::string_view, std::string_view> kBrackets[] = {
      {"[", "]"}, {"【", "】"}, {"［", "］"}, {"〔", "〕"}};
  for (auto [open, close] : kBrackets) {
    CitationMarker marker{.begin = at};
    std::size_t probe = at;
    if (!take(text, probe, open)) continue;
    do {
      skip_blanks(text, probe);
      if (!take_item(text, probe, marker.numbers)) return std::nullopt;
      skip_blanks(text, probe);
      take_dagger(text, probe, close);
    } while (take_comma(text, probe));
    if (!take(text, probe, close)) return std::nullopt;
    at = marker.end = probe;
    return marker;
  }
  return std::nullopt;
}

// Past the code that begins at `at`: as many backticks as open it close it. Backticks that nobody closes are
// only that.
bool skip_code(std::string_view text, std::size_t& at) {
  if (text[at] != '`') return false;
  const std::size_t ticks = std::min(text.find_first_not_of('`', at), text.size()) - at;
  if (ticks > kTicks) return at += ticks, true;
  for (std::size_t close = at + ticks; (close = text.find('`', close)) != text.npos;) {
    const std::size_t end = std::min(text.find_first_not_of('`', close), text.size());
    if (end - close == ticks) return at = end, true;
    close = end;
  }
  at += ticks;
  return true;
}

}  // namespace

std::vector<CitationMarker> citation_markers(std::string_view answer) {
  std::vector<CitationMarker> markers;
  std::size_t numbers = 0;
  for (std::size_t at = 0; at < answer.size() && numbers < limits::kCitations;) {
    if (skip_code(answer, at)) continue;
    if (auto marker = take_marker(answer, at)) {
      numbers += marker->numbers.size();
      markers.push_back(std::move(*marker));
      continue;
    }
    ++at;
  }
  return markers;
}

}  // namespace troupe::memory

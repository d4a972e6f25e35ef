#include "memory/conversation/cut.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::size_t kTokenBytes = 16;  // longer tokens exist, and a text of nothing else loses some more

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// Down to where a character begins.
std::size_t boundary_before(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  while (at > 0 && at < text.size() && continues(text[at])) --at;
  return at;
}

std::size_t boundary_after(std::string_view text, std::size_t at) {
  while (at < text.size() && continues(text[at])) ++at;
  return std::min(at, text.size());
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) { return !continues(byte); }));
}

Cut keeping(std::string_view text, std::size_t kept, std::size_t tail_min) {
  const std::size_t tail = std::max(tail_min, kept / 4);
  const std::size_t from = boundary_after(text, text.size() - std::min(tail, text.size()));
  return {.head = boundary_before(text, kept - std::min(kept, tail)), .tail = text.size() - from};
}

// The largest of 0…most that `fits`, by halves; 0 is not asked.
std::size_t largest(std::size_t most, const std::function<bool(std::size_t)>& fits) {
  std::size_t best = 0;
  std::size_t beyond = most + 1;
  while (beyond - best > 1) {
    const std::size_t middle = best + (beyond - best) / 2;
    (fits(middle) ? best : beyond) = middle;
  }
  return best;
}

std::size_t measurable(std::string_view text, std::int64_t room) {
  const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(room, 0));
  return wanted > text.size() / kTokenBytes ? text.size() : wanted * kTokenBytes;
}

bool ends_sentence(std::string_view text, std::size_t at) {
  if (text[at] == '\n') return true;
  if (text.substr(at).starts_with("。") || text.substr(at).starts_with("…")) return true;
  const bool stop = text[at] == '.' || text[at] == '!' || text[at] == '?';
  return stop && (at + 1 == text.size() || text[at + 1] == ' ' || text[at + 1] == '\n');
}

}  // namespace

std::string shortened(std::string_view text, Cut cut) {
  if (cut.head >= text.size() || cut.tail >= text.size() - cut.head) return std::string(text);
  const std::string_view gone = text.substr(cut.head, text.size() - cut.head - cut.tail);
  return fmt::format("{}\n[… {} characters left out …]\n{}", text.substr(0, cut.head), characters(gone),
                     text.substr(text.size() - cut.tail));
}

Cut cut_to(std::string_view text, std::size_t tail_min, const TextSize& size, std::int64_t room) {
  const std::size_t kept = largest(measurable(text, room), [&](std::size_t wanted) {
    return size(shortened(text, keeping(text, wanted, tail_min))) <= room;
  });
  return keeping(text, kept, tail_min);
}

std::size_t whole_sentences(std::string_view text, const TextSize& size, std::int64_t room) {
  const std::size_t most = measurable(text, room);
  if (most == text.size() && size(text) <= room) return text.size();
  const std::size_t fits = largest(
      most, [&](std::size_t wanted) { return size(text.substr(0, boundary_before(text, wanted))) <= room; });
  const std::size_t end = boundary_before(text, fits);
  for (std::size_t at = end; at > 0; --at)
    if (!continues(text[at - 1]) && ends_sentence(text, at - 1))
      if (const std::size_t after = boundary_after(text, at); after <= end) return after;
  return end;
}

}  // namespace troupe::memory

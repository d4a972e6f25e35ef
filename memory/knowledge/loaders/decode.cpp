#include "memory/knowledge/loaders/decode.h"

#include "memory/knowledge/loaders/charset.h"
#include "memory/knowledge/loaders/utf8.h"

#include <algorithm>
#include <array>
#include <limits>

namespace troupe::memory::loaders {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kSample = 64u << 10;     // of the bytes the detector looks at
constexpr std::size_t kBefore = 4u << 10;      // of them in front of the first that is no ASCII
constexpr std::size_t kCandidates = 4;         // of the detector's that are tried
constexpr std::size_t kConvincing = 8;         // trail bytes of UTF-8 that no other charset has by accident
constexpr std::size_t kTrailsPerBroken = 2;    // what a damaged UTF-8 text has at least
constexpr std::size_t kZeroSample = 1u << 10;  // of the bytes where UTF-16 is looked for

struct Mark {
  std::string_view bytes;
  std::string_view charset;
};
// UTF-32 first, whose little-endian mark begins as that of UTF-16.
constexpr Mark kMarks[] = {{"\xEF\xBB\xBF"sv, "utf-8"},
                           {"\xFF\xFE\0\0"sv, "utf-32le"},
                           {"\0\0\xFE\xFF"sv, "utf-32be"},
                           {"\xFF\xFE"sv, "utf-16le"},
                           {"\xFE\xFF"sv, "utf-16be"}};

/// UTF-16 without a mark: ASCII is half zeros, all of them on one side. Empty: it is not.
std::string_view unmarked_utf16(std::string_view head) {
  head = head.substr(0, kZeroSample);
  if (head.size() < 4) return {};
  std::array<std::size_t, 2> zeros{};
  for (std::size_t i = 0; i < head.size(); ++i) zeros[i % 2] += head[i] == 0;
  const std::size_t many = head.size() / 2 * 2 / 5;  // two fifths of one side
  if (zeros[0] == 0 && zeros[1] > many) return "utf-16le";
  if (zeros[1] == 0 && zeros[0] > many) return "utf-16be";
  return {};
}

struct Utf8Count {
  std::size_t trails = 0;  ///< bytes of characters but the first of each, which say what these must be
  std::size_t broken = 0;  ///< bytes that belong to no character
};

Utf8Count count_utf8(std::string_view bytes) {
  Utf8Count count;
  for (std::size_t at = 0; at < bytes.size();) {
    at += plain_run(bytes, at);
    if (at >= bytes.size()) break;
    const Character c = character_at(bytes, at);
    if (c.bytes == 0) ++count.broken;
    if (c.bytes > 1) count.trails += c.bytes - 1;
    at += c.bytes ? c.bytes : 1;
  }
  return count;
}

/// One U+FFFD for a run of bytes that are no characters.
Decoded as_utf8(std::string_view bytes) {
  Decoded decoded{.charset = "utf-8"};
  decoded.text.reserve(bytes.size());
  bool broken = false;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t run = plain_run(bytes, at);
    const Character c = run ? Character{0, run} : character_at(bytes, at);
    if (c.bytes) {
      decoded.text.append(bytes, at, c.bytes);
    } else if (!broken) {
      decoded.text += "\xEF\xBF\xBD";
      ++decoded.replaced;
    }
    broken = c.bytes == 0;
    at += c.bytes ? c.bytes : 1;
  }
  return decoded;
}

Decoded read_as(std::string_view bytes, const Charset& charset) {
  if (charset.name == "utf-8") return as_utf8(bytes);
  Decoded decoded{.charset = std::string(charset.name)};
  decoded.text.reserve(bytes.size() + bytes.size() / 2);
  decoded.replaced = convert(bytes, charset, decoded.text);
  return decoded;
}

/// Where characters that tell charsets apart are: around the first byte that is no ASCII.
std::string_view telling_part(std::string_view bytes) {
  const auto first =
      static_cast<std::size_t>(std::ranges::find_if(bytes, [](char c) { return c < 0; }) - bytes.begin());
  return bytes.substr(first > kBefore ? first - kBefore : 0, kSample);
}

const Charset& most_likely(std::string_view bytes) {
  const std::string_view sample = telling_part(bytes);
  const Charset* best = charset_labelled("windows-1252");
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  std::size_t tried = 0;
  for (const Charset* charset : likely_charsets(sample)) {
    if (charset->name.starts_with("utf-")) continue;  // these were asked before
    std::string text;
    const std::size_t unread = convert(sample, *charset, text);
    if (unread < fewest) best = charset, fewest = unread;
    if (fewest == 0 || ++tried == kCandidates) break;
  }
  return *best;
}

}  // namespace

bool looks_like_utf16_or_32(std::string_view head) {
  const bool marked = std::ranges::any_of(
      kMarks, [&](const Mark& mark) { return mark.charset != "utf-8" && head.starts_with(mark.bytes); });
  return marked || !unmarked_utf16(head).empty();
}

Decoded decode(std::string_view bytes, std::string_view declared) {
  for (const Mark& mark : kMarks)
    if (bytes.starts_with(mark.bytes))
      return read_as(bytes.substr(mark.bytes.size()), *charset_labelled(mark.charset));

  const Charset* said = charset_labelled(declared);
  if (const auto utf16 = unmarked_utf16(bytes); !said && !utf16.empty())
    return read_as(bytes, *charset_labelled(utf16));

  const Utf8Count count = count_utf8(bytes);
  const bool convincing = count.broken == 0 && count.trails >= kConvincing;
  // A page that says UTF-16 in ASCII is none (HTML Standard, 13.2.3.2).
  const bool wide = said && said->name.starts_with("utf-16") && unmarked_utf16(bytes).empty();
  if (said && !convincing && !wide && said->name != "utf-8") return read_as(bytes, *said);
  if (count.broken == 0) return {.text = std::string(bytes), .charset = "utf-8"};
  if (count.trails >= count.broken * kTrailsPerBroken) return as_utf8(bytes);

  Decoded decoded = read_as(bytes, most_likely(bytes));
  decoded.guessed = true;
  return decoded;
}

}  // namespace troupe::memory::loaders

#include "tests/memory/chunkers/chunk_checks.h"

#include "models/token_estimate.h"

#include <algorithm>
#include <memory>
#include <unicode/brkiter.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

#include <fmt/format.h>

namespace troupe::memory::testing {

namespace {

std::vector<bool> character_begins(std::string_view text) {
  std::vector<bool> begins(text.size() + 1);
  UErrorCode status = U_ZERO_ERROR;
  UText* source = utext_openUTF8(nullptr, text.data(), static_cast<std::int64_t>(text.size()), &status);
  static const std::unique_ptr<icu::BreakIterator> iterator(
      icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
  iterator->setText(source, status);
  for (auto at = iterator->first(); at != icu::BreakIterator::DONE; at = iterator->next())
    begins[static_cast<std::size_t>(at)] = true;
  utext_close(source);
  return begins;
}

/// For each byte whether it is of a character that is no blank.
std::vector<bool> inked(std::string_view text) {
  std::vector<bool> ink(text.size());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    UChar32 c = 0;
    U8_NEXT(bytes, at, text.size(), c);
    if (!u_isUWhiteSpace(c)) std::fill(ink.begin() + begin, ink.begin() + at, true);
  }
  return ink;
}

bool begins_code_point(std::string_view text, std::size_t at) {
  return at == text.size() || (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
}

/// A character that is longer than a chunk may be reaches over `at`.
bool within_long_character(std::string_view text, const std::vector<bool>& begins, std::size_t at,
                           const ChunkSettings& settings, const models::tokens::Encoding* encoding) {
  std::size_t from = at, to = at;
  while (!begins[from]) --from;
  while (!begins[to]) ++to;
  return units(text.substr(from, to - from), settings, encoding) > settings.size;
}

std::size_t record_of(const Document& document, std::size_t at) {
  return static_cast<std::size_t>(std::ranges::upper_bound(document.records, at) - document.records.begin());
}

/// A chunk that reaches over two records begins where one begins and ends where one ends, blanks aside.
bool records_are_whole(const Document& document, const std::vector<bool>& ink, const Chunk& chunk) {
  const std::size_t first = record_of(document, chunk.begin), last = record_of(document, chunk.end - 1);
  if (first == last) return true;
  const std::size_t begin = first == 0 ? 0 : document.records[first - 1];
  const std::size_t end = last == document.records.size() ? document.text.size() : document.records[last];
  return std::find(ink.begin() + begin, ink.begin() + chunk.begin, true) == ink.begin() + chunk.begin &&
         std::find(ink.begin() + chunk.end, ink.begin() + end, true) == ink.begin() + end;
}

}  // namespace

std::size_t units(std::string_view text, const ChunkSettings& settings,
                  const models::tokens::Encoding* encoding) {
  if (settings.unit == "characters")
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  return encoding ? encoding->count(text) : static_cast<std::size_t>(models::estimate_tokens(text));
}

std::string joined(const Document& document, const Result<std::vector<Chunk>>& chunks) {
  if (!chunks) return chunks.error().message;
  std::string all;
  for (const Chunk& chunk : *chunks) {
    if (!all.empty()) all += '|';
    all += document.text.substr(chunk.begin, chunk.end - chunk.begin);
  }
  return all;
}

std::string cut(std::string_view text, const ChunkSettings& settings) {
  const Document document{.text = std::string(text)};
  return joined(document, chunk(document, settings));
}

std::string broken_promise(const Document& document, const ChunkSettings& settings,
                           const models::tokens::Encoding* encoding) {
  const auto chunks = chunk(document, settings, encoding);
  if (!chunks) return chunks.error().message;
  const std::string_view text = document.text;
  const std::vector<bool> begins = character_begins(text);
  const std::vector<bool> ink = inked(text);
  std::size_t covered = 0;
  const Chunk* before = nullptr;
  for (const Chunk& one : *chunks) {
    const auto complaint = [&](std::string_view what) {
      return fmt::format("{} {} {}/{}: chunk {}–{} `{}`: {}", settings.by, settings.unit, settings.size,
                         settings.overlap, one.begin, one.end, text.substr(one.begin, one.end - one.begin),
                         what);
    };
    if (one.begin >= one.end || one.end > text.size()) return complaint("is none");
    const std::string_view said = text.substr(one.begin, one.end - one.begin);
    if (units(said, settings, encoding) > settings.size) return complaint("is too long");
    for (const std::size_t at : {one.begin, one.end}) {
      if (!begins_code_point(text, at)) return complaint("ends in a code point");
      if (!begins[at] && !within_long_character(text, begins, at, settings, encoding))
        return complaint("ends in a character");
    }
    if (begins[one.end] && !ink[one.end - 1]) return complaint("ends with a blank");
    const bool carries = begins[one.begin] && !begins[std::min(one.begin + 1, text.size())];
    if (!ink[one.begin] && !carries) return complaint("begins with a blank");
    if (!records_are_whole(document, ink, one)) return complaint("holds a part of a record and another one");
    if (before && (one.begin <= before->begin || one.end <= before->end)) return complaint("is not behind");
    if (before && one.begin < before->end &&
        units(text.substr(one.begin, before->end - one.begin), settings, encoding) > settings.overlap)
      return complaint("overlaps too much");
    if (const std::size_t gap = std::max(covered, one.begin);
        std::find(ink.begin() + covered, ink.begin() + gap, true) != ink.begin() + gap)
      return complaint("leaves something out in front of it");
    covered = one.end;
    before = &one;
  }
  if (std::find(ink.begin() + covered, ink.end(), true) != ink.end()) return "the end is in no chunk";
  return "";
}

}  // namespace troupe::memory::testing

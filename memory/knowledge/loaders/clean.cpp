#include "memory/knowledge/loaders/clean.h"

#include "memory/knowledge/loaders/utf8.h"
#include "models/builtin/utf8.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

namespace troupe::memory::loaders {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kJoiner = "\xCD\x8F";  // U+034F COMBINING GRAPHEME JOINER
constexpr int kMarksInARow = 30;
constexpr char32_t kFirstMark = 0x300;  // below it every text is composed

bool is_mark(char32_t c) {
  // Hangul and ideographs, most of what is above ASCII in many texts, need no look-up.
  if (c < kFirstMark || (c >= 0x3400 && c < 0xA66F) || (c >= 0xAC00 && c < 0xD7B0)) return false;
  return u_getCombiningClass(static_cast<UChar32>(c)) != 0;
}

/// Composes what stands in `out` from `begin` on.
void compose(std::string& out, std::size_t begin) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  const icu::StringPiece part(out.data() + begin, static_cast<int32_t>(out.size() - begin));
  if (U_FAILURE(status) || nfc->isNormalizedUTF8(part, status)) return;
  std::string composed;
  composed.reserve(out.size() - begin);
  icu::StringByteSink<std::string> sink(&composed);
  nfc->normalizeUTF8(0, part, sink, nullptr, status);
  if (U_SUCCESS(status)) out.replace(begin, std::string::npos, composed);
}

bool is_line_end(char32_t c) {
  return c == '\n' || c == '\r' || c == '\v' || c == '\f' || c == 0x85;
}

bool is_left_out(char32_t c) {
  return (c < 0x20 && c != '\t') || (c >= 0x7F && c < 0xA0) || c == 0xFEFF;
}

bool is_blank(char32_t c) {
  return c == ' ' || c == '\t' || c == 0xA0 || is_line_end(c) || c == 0x2028 || c == 0x2029 || c == 0x3000;
}

}  // namespace

std::size_t append_clean(std::string& out, std::string_view text) {
  const std::size_t begin = out.size();
  std::size_t left_out = 0;
  int marks = 0;
  bool may_compose = false;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t run = plain_run(text, at)) {
      out.append(text, at, run);
      at += run;
      marks = 0;
      continue;
    }
    const Character c = character_at(text, at);
    const std::string_view bytes = c.bytes ? text.substr(at, c.bytes) : kReplacement;
    at += c.bytes ? c.bytes : 1;
    if (is_line_end(c.value)) {
      if (c.value != '\r' || at >= text.size() || text[at] != '\n') out += '\n';
      marks = 0;
      continue;
    }
    if (c.bytes && is_left_out(c.value)) {
      ++left_out;  // and ends no run of marks, which are neighbours when it is gone
      continue;
    }
    marks = is_mark(c.value) ? marks + 1 : 0;
    if (marks > kMarksInARow) {
      out += kJoiner;
      marks = 1;
    }
    may_compose |= c.value >= kFirstMark;
    out += bytes;
  }
  if (may_compose) compose(out, begin);
  return left_out;
}

std::string clean_line(std::string_view text, std::size_t bytes_max) {
  // Twice the room, because what is left out and what composes makes a text shorter.
  text = models::builtin::clip(text, bytes_max * 2 + 64);
  std::string line;
  bool gap = false;
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    const std::size_t bytes = c.bytes ? c.bytes : 1;
    if (c.bytes && is_blank(c.value)) {
      gap = !line.empty();
    } else {
      if (gap) line += ' ';
      gap = false;
      line.append(text, at, bytes);
    }
    at += bytes;
  }
  std::string out;
  append_clean(out, line);
  return std::string(models::builtin::trim(models::builtin::clip(out, bytes_max)));
}

}  // namespace troupe::memory::loaders

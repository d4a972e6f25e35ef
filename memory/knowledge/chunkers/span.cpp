#include "memory/knowledge/chunkers/span.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace troupe::memory::chunkers {

namespace {

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

bool is_ascii_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// A character that is one with the blank in front of it, by GB9 and GB9a of UAX #29.
bool joins_blank(UChar32 c) {
  const int kind = u_getIntPropertyValue(c, UCHAR_GRAPHEME_CLUSTER_BREAK);
  return kind == U_GCB_EXTEND || kind == U_GCB_ZWJ || kind == U_GCB_SPACING_MARK;
}

}  // namespace

std::int32_t next_code_point(std::string_view text, std::size_t& at) {
  UChar32 c = 0;
  U8_NEXT(reinterpret_cast<const std::uint8_t*>(text.data()), at, text.size(), c);
  return c;
}

std::size_t skip_blanks(std::string_view text, Span span) {
  text = text.substr(0, span.end);
  std::size_t at = span.begin;
  while (at < span.end) {
    std::size_t next = at;
    if (is_ascii(text[at])) {
      if (!is_ascii_blank(text[at])) return at;
      ++next;
    } else {
      const UChar32 c = next_code_point(text, next);
      if (c < 0 || !u_isUWhiteSpace(c)) return at;
    }
    // Nothing stands on a control character.
    const bool may_carry = text[at] == ' ' || !is_ascii(text[at]);
    if (may_carry && next < span.end && !is_ascii(text[next])) {
      std::size_t after = next;
      const UChar32 c = next_code_point(text, after);
      if (c >= 0 && joins_blank(c)) return at;
    }
    at = next;
  }
  return span.end;
}

Span trimmed(std::string_view text, Span span) {
  text = text.substr(0, span.end);
  span.begin = skip_blanks(text, span);
  while (span.end > span.begin) {
    std::size_t last = span.end - 1;
    if (is_ascii(text[last])) {
      if (!is_ascii_blank(text[last])) break;
    } else {
      last = character_floor(text, last);
      std::size_t at = last;
      const UChar32 c = next_code_point(text, at);
      if (c < 0 || !u_isUWhiteSpace(c)) break;
    }
    span.end = last < span.begin ? span.begin : last;
  }
  return span;
}

}  // namespace troupe::memory::chunkers

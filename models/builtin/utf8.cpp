#include "models/builtin/utf8.h"

#include "runtime/base/ascii.h"

namespace troupe::models::builtin {

namespace {
bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}
char32_t bits(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]) & 0x3F;
}
}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t at) {
  unsigned char first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return {first, 1};
  if ((first & 0xE0) == 0xC0 && first >= 0xC2 && continues(text, at + 1))
    return {static_cast<char32_t>(first & 0x1F) << 6 | bits(text, at + 1), 2};
  if ((first & 0xF0) == 0xE0 && continues(text, at + 1) && continues(text, at + 2))
    return {static_cast<char32_t>(first & 0x0F) << 12 | bits(text, at + 1) << 6 | bits(text, at + 2), 3};
  if ((first & 0xF8) == 0xF0 && first <= 0xF4 && continues(text, at + 1) && continues(text, at + 2) &&
      continues(text, at + 3))
    return {static_cast<char32_t>(first & 0x07) << 18 | bits(text, at + 1) << 12 | bits(text, at + 2) << 6 |
                bits(text, at + 3),
            4};
  return {0xFFFD, 1};
}

void append_utf8(std::string& out, char32_t c) {
  auto put = [&out](char32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6), put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 0x3F)), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  }
}

bool is_hangul(char32_t c) {
  return c >= 0xAC00 && c <= 0xD7A3;
}

bool has_hangul(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    CodePoint point = code_point_at(text, at);
    if (is_hangul(point.value)) return true;
    at += point.bytes;
  }
  return false;
}

bool has_final_consonant(char32_t c) {
  return is_hangul(c) && (c - 0xAC00) % 28 != 0;
}

char32_t last_code_point(std::string_view text) {
  if (text.empty()) return 0;
  std::size_t at = text.size() - 1;
  while (at > 0 && text.size() - at < 4 && continues(text, at)) --at;
  return code_point_at(text, at).value;
}

std::size_t length(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += code_point_at(text, at).bytes) ++count;
  return count;
}

bool is_word_character(char32_t c) {
  if (c < 0x80) return is_digit(static_cast<char>(c)) || is_letter(static_cast<char>(c));
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
  if (c == 0xD7 || c == 0xF7 || c == 0xFFFD) return false;
  if (c >= 0x2000 && c < 0x2C00) return false;   // punctuation, arrows, mathematics, boxes, dingbats
  if (c >= 0x3000 && c <= 0x3004) return false;  // CJK punctuation
  if (c >= 0x3008 && c <= 0x3020) return false;
  if (c >= 0xFE00 && c <= 0xFE6F) return false;
  if (c >= 0xFF00 && c <= 0xFF0F) return false;
  if (c >= 0xFF1A && c <= 0xFF20) return false;
  if (c >= 0xFF3B && c <= 0xFF40) return false;
  if (c >= 0xFF5B && c <= 0xFF65) return false;
  return c < 0x1F000 || c > 0x1FAFF;  // pictures
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  std::size_t from = text.find_first_not_of(kBlank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

std::string_view clip(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && continues(text, end)) --end;
  return text.substr(0, end);
}

}  // namespace troupe::models::builtin

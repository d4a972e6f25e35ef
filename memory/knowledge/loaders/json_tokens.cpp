#include "memory/knowledge/loaders/json_tokens.h"

#include "models/builtin/utf8.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::memory::loaders {

namespace {

using Kind = JsonToken::Kind;
using models::builtin::append_utf8;
using models::builtin::is_digit;
constexpr auto kNone = std::string_view::npos;

/// Four hexadecimal digits at the beginning of `text`; -1: they are none.
int code_unit(std::string_view text) {
  if (text.size() < 4) return -1;
  int value = 0;
  for (char c : text.substr(0, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    if (!is_digit(c) && (lower < 'a' || lower > 'f')) return -1;
    value = value * 16 + (is_digit(c) ? c - '0' : lower - 'a' + 10);
  }
  return value;
}

bool is_high(int unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low(int unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

/// `text` begins behind "\u"; appends the character and returns the bytes that belong to it.
std::size_t append_code_unit(std::string& out, std::string_view text) {
  const int unit = code_unit(text);
  const int second = is_high(unit) && text.substr(4).starts_with("\\u") ? code_unit(text.substr(6)) : -1;
  if (is_high(unit) && is_low(second)) {
    append_utf8(
        out, 0x10000 + (static_cast<char32_t>(unit - 0xD800) << 10) + static_cast<char32_t>(second - 0xDC00));
    return 10;
  }
  append_utf8(out, is_high(unit) || is_low(unit) || unit < 0 ? 0xFFFD : static_cast<char32_t>(unit));
  return 4;
}

char escaped(char c) {
  switch (c) {
    case 'b':
    case 'f':
      return ' ';  // what a backspace or a page break between words is for a reader
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

}  // namespace

JsonToken JsonTokens::next() {
  const std::size_t begin = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
  at_ = begin;
  if (begin == text_.size()) return {.begin = begin};
  constexpr std::string_view kMarks = "{}[]:,";
  const auto mark = kMarks.find(text_[begin]);
  Kind kind = Kind::broken;
  std::size_t end = kNone;
  if (mark != kNone) {
    kind = static_cast<Kind>(mark);
    end = begin + 1;
  } else if (text_[begin] == '"') {
    kind = Kind::string;
    end = string_end();
  } else if (text_[begin] == '-' || is_digit(text_[begin])) {
    kind = Kind::number;
    end = number_end();
  } else {
    for (const std::string_view word : {"true", "false", "null"})
      if (text_.substr(begin).starts_with(word)) kind = Kind::literal, end = begin + word.size();
  }
  if (end == kNone) return {.kind = Kind::broken, .begin = begin};
  at_ = end;
  return {.kind = kind, .raw = text_.substr(begin, end - begin), .begin = begin};
}

std::size_t JsonTokens::string_end() const {
  for (auto at = text_.find_first_of("\"\\", at_ + 1); at != kNone; at = text_.find_first_of("\"\\", at)) {
    if (text_[at] == '"') return at + 1;
    if (at + 1 >= text_.size()) return kNone;
    const char c = text_[at + 1];
    if (std::string_view("\"\\/bfnrtu").find(c) == kNone) return kNone;
    if (c == 'u' && code_unit(text_.substr(at + 2)) < 0) return kNone;
    at += c == 'u' ? 6 : 2;
  }
  return kNone;
}

std::size_t JsonTokens::number_end() const {
  std::size_t at = at_;
  const auto here = [&] { return at < text_.size() ? text_[at] : '\0'; };
  const auto digits = [&] {
    const std::size_t begin = at;
    while (is_digit(here())) ++at;
    return at > begin;
  };
  if (here() == '-') ++at;
  const bool zero = here() == '0';
  const std::size_t first = at;
  if (!digits() || (zero && at > first + 1)) return kNone;
  if (here() == '.') {
    ++at;
    if (!digits()) return kNone;
  }
  if (here() == 'e' || here() == 'E') {
    ++at;
    if (here() == '+' || here() == '-') ++at;
    if (!digits()) return kNone;
  }
  return at;
}

bool JsonTokens::skip(const JsonToken& first) {
  if (!first.is_container()) return first.is_scalar();
  for (std::size_t depth = 1; depth > 0;) {
    const JsonToken token = next();
    if (token.kind == Kind::end || token.kind == Kind::broken) return false;
    if (token.is_container()) ++depth;
    if (token.kind == Kind::end_object || token.kind == Kind::end_array) --depth;
  }
  return true;
}

std::string unescaped_json(std::string_view raw) {
  raw = raw.substr(1, raw.size() - 2);
  std::string out;
  out.reserve(raw.size());
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t next = std::min(raw.find('\\', at), raw.size());
    out.append(raw, at, next - at);
    at = next;
    if (at == raw.size()) break;
    if (raw[at + 1] == 'u') {
      at += 2 + append_code_unit(out, raw.substr(at + 2));
    } else {
      out += escaped(raw[at + 1]);
      at += 2;
    }
  }
  return out;
}

std::string place_in(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto last = before.rfind('\n');
  return fmt::format("line {}, column {}", line, before.size() - (last == kNone ? 0 : last + 1) + 1);
}

}  // namespace troupe::memory::loaders

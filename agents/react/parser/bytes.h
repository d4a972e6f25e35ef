#pragma once

#include "runtime/base/ascii.h"

/// What kind a byte is, as far as the parsers care. Bytes of multi-byte UTF-8 characters count as letters.
namespace troupe::agents {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
/// What may stand before the first word of a line. A carriage return may, too: some models end lines with it.
constexpr bool is_indent(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
constexpr bool is_word(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '$' || c == '.';
}
constexpr bool is_quote(char c) {
  return c == '"' || c == '\'';
}

}  // namespace troupe::agents

#include "memory/knowledge/loaders/html/entities.h"

#include "models/builtin/utf8.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace troupe::memory::loaders::html {

namespace {

using models::builtin::append_utf8;
using models::builtin::is_digit;
using models::builtin::is_letter;

struct Entity {
  std::string_view name;
  char32_t value;
  bool old;  ///< also without semicolon
};

constexpr Entity kEntities[] = {
#define OLD(name, value) {#name, value, true},
#define NEW(name, value) {#name, value, false},
#include "memory/knowledge/loaders/html/entities.def"
#undef OLD
#undef NEW
};
static_assert(std::ranges::is_sorted(kEntities, {}, &Entity::name));

constexpr std::size_t kLongestName = 20;
constexpr std::size_t kLongestOld = 6;
static_assert(std::ranges::all_of(kEntities, [](const Entity& e) {
  return e.name.size() <= (e.old ? kLongestOld : kLongestName);
}));

/// What 0x80 to 0x9F are in Windows-1252, which pages mean by such numbers; 0: a control character.
constexpr std::array<char16_t, 32> kWindows1252 = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

const Entity* entity_named(std::string_view name) {
  const auto* it = std::ranges::lower_bound(kEntities, name, {}, &Entity::name);
  return it != std::end(kEntities) && it->name == name ? it : nullptr;
}

int digit_value(char c, int base) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return base == 16 && lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

char32_t corrected(char32_t value) {
  if (value == 0 || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return 0xFFFD;
  if (value >= 0x80 && value < 0xA0 && kWindows1252[value - 0x80]) return kWindows1252[value - 0x80];
  return value;
}

/// `text` begins behind "&#". Bytes that are part of the reference; 0: it is none.
std::size_t append_number(std::string& out, std::string_view text) {
  const bool hex = text.starts_with('x') || text.starts_with('X');
  const std::size_t begin = hex ? 1 : 0;
  std::size_t at = begin;
  char32_t value = 0;
  for (int digit; at < text.size() && (digit = digit_value(text[at], hex ? 16 : 10)) >= 0; ++at)
    value = std::min<char32_t>(value * (hex ? 16 : 10) + static_cast<char32_t>(digit), 0x110000);
  if (at == begin) return 0;
  append_utf8(out, corrected(value));
  return at < text.size() && text[at] == ';' ? at + 1 : at;
}

/// `text` begins behind "&". Bytes that are part of the reference; 0: it is none.
std::size_t append_named(std::string& out, std::string_view text, bool in_attribute) {
  std::size_t size = 0;
  while (size < text.size() && size <= kLongestName && (is_letter(text[size]) || is_digit(text[size])))
    ++size;
  if (size < text.size() && text[size] == ';') {
    if (const Entity* entity = entity_named(text.substr(0, size))) {
      append_utf8(out, entity->value);
      return size + 1;
    }
  }
  for (std::size_t cut = std::min(size, kLongestOld); cut >= 2; --cut) {
    const Entity* entity = entity_named(text.substr(0, cut));
    if (!entity || !entity->old) continue;
    if (in_attribute && cut < text.size() &&
        (text[cut] == '=' || is_letter(text[cut]) || is_digit(text[cut])))
      return 0;
    append_utf8(out, entity->value);
    return cut;
  }
  return 0;
}

}  // namespace

void append_unescaped(std::string& out, std::string_view text, bool in_attribute) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = std::min(text.find('&', at), text.size());
    out.append(text, at, next - at);
    if (next == text.size()) return;
    const std::string_view rest = text.substr(next + 1);
    const std::size_t used =
        rest.starts_with('#') ? append_number(out, rest.substr(1)) : append_named(out, rest, in_attribute);
    if (used == 0) out += '&';
    at = next + 1 + used + (used && rest.starts_with('#') ? 1 : 0);
  }
}

}  // namespace troupe::memory::loaders::html

#include "memory/evaluation/bleu_tokens.h"

#include "memory/evaluation/characters.h"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::memory {

namespace {

using Text = std::u32string;

Text replaced(std::u32string_view text, std::u32string_view from, std::u32string_view to) {
  Text out;
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from)) {
    out.append(text.substr(0, at)).append(to);
    text.remove_prefix(at + from.size());
  }
  return out.append(text);
}

/// Blanks around every character of a kind.
template <class Kind>
Text apart(std::u32string_view text, Kind kind) {
  Text out;
  for (char32_t c : text) {
    if (kind(c))
      out.append({U' ', c, U' '});
    else
      out += c;
  }
  return out;
}

/// Where a character of one kind is followed by one of another, `write` says what becomes of the two. Pairs
/// do not overlap: the second of one is not the first of the next, as where a regular expression replaces.
template <class First, class Second, class Write>
Text pairs(std::u32string_view text, First first, Second second, Write write) {
  Text out;
  std::size_t at = 0;
  while (at + 1 < text.size()) {
    if (first(text[at]) && second(text[at + 1])) {
      write(out, text[at], text[at + 1]);
      at += 2;
    } else {
      out += text[at++];
    }
  }
  if (at < text.size()) out += text[at];
  return out;
}

void blanks_around_second(Text& out, char32_t a, char32_t b) {
  out.append({a, U' ', b, U' '});
}
void blanks_around_first(Text& out, char32_t a, char32_t b) {
  out.append({U' ', a, U' ', b});
}

bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}
bool is_point(char32_t c) {
  return c == '.' || c == ',';
}
bool is_dash(char32_t c) {
  return c == '-';
}
// ASCII but letters, digits, ' , - .
bool is_separate(char32_t c) {
  return (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
         (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

Text western(std::u32string_view text) {
  const auto no_digit = [](char32_t c) { return !is_digit(c); };
  Text out = apart(text, is_separate);
  out = pairs(out, no_digit, is_point, blanks_around_second);
  out = pairs(out, is_point, no_digit, blanks_around_first);
  return pairs(out, is_digit, is_dash, blanks_around_second);
}

Text v13a(Text text) {
  text = replaced(text, U"<skipped>", U"");
  text = replaced(text, U"-\n", U"");
  text = replaced(text, U"\n", U" ");
  text = replaced(text, U"&quot;", U"\"");
  text = replaced(text, U"&amp;", U"&");
  text = replaced(text, U"&lt;", U"<");
  text = replaced(text, U"&gt;", U">");
  return western(U" " + text + U" ");
}

Text international(std::u32string_view text) {
  const auto no_number = [](char32_t c) { return !is_number(c); };
  Text out = pairs(text, no_number, is_punctuation, blanks_around_second);
  out = pairs(out, is_punctuation, no_number, blanks_around_first);
  return apart(out, is_symbol);
}

// sacreBLEU means U+20000 … U+2A6D6 by the fourth and U+2F800 … U+2FA1D by the fifth, but writes them so that
// they are these; its figures are what others compare with.
constexpr std::array<std::pair<char32_t, char32_t>, 21> kChinese{{
    {0x3400, 0x4DB5}, {0x4E00, 0x9FBB}, {0xF900, 0xFA2D}, {0x2001, 0x2A6D}, {0x2F81, 0x2FA1},
    {0xFA30, 0xFA6A}, {0xFA70, 0xFAD9}, {0xFF00, 0xFFEF}, {0x2E80, 0x2EFF}, {0x3000, 0x303F},
    {0x31C0, 0x31EF}, {0x2F00, 0x2FDF}, {0x2FF0, 0x2FFF}, {0x3100, 0x312F}, {0x31A0, 0x31BF},
    {0xFE10, 0xFE1F}, {0xFE30, 0xFE4F}, {0x2600, 0x26FF}, {0x2700, 0x27BF}, {0x3200, 0x32FF},
    {0x3300, 0x33FF},
}};

bool is_chinese(char32_t c) {
  return std::ranges::any_of(kChinese, [c](auto range) { return c >= range.first && c <= range.second; });
}

std::u32string_view without_blank_begin(std::u32string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

std::u32string_view without_blank_end(std::u32string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view word(BleuTokens tokens) {
  switch (tokens) {
    case BleuTokens::v13a:
      return "13a";
    case BleuTokens::intl:
      return "intl";
    case BleuTokens::zh:
      return "zh";
    case BleuTokens::character:
      return "char";
  }
  return "13a";
}

BleuTokens bleu_tokens_for(std::string_view text) {
  BleuTokens found = BleuTokens::v13a;
  for (char32_t c : characters_of(text)) {
    if (is_hangul(c)) return BleuTokens::character;
    if (is_ideograph(c)) found = BleuTokens::zh;
  }
  return found;
}

std::vector<std::string> bleu_tokenize(std::string_view text, BleuTokens tokens) {
  const Text characters = characters_of(text);
  Text line(without_blank_end(characters));
  switch (tokens) {
    case BleuTokens::v13a:
      line = v13a(std::move(line));
      break;
    case BleuTokens::intl:
      line = international(line);
      break;
    case BleuTokens::zh:
      line = western(apart(without_blank_begin(line), is_chinese));
      break;
    case BleuTokens::character:
      line = apart(line, [](char32_t) { return true; });
      break;
  }
  std::vector<std::string> words;
  for (const Text& piece : split_at_blanks(line)) words.push_back(utf8_of(piece));
  return words;
}

}  // namespace troupe::memory

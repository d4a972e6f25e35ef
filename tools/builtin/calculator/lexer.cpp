#include "tools/builtin/calculator/lexer.h"

#include <array>
#include <cctype>
#include <utility>

#include <fmt/format.h>

namespace troupe::tools::calculator {

namespace {

constexpr char32_t kInvalid = 0xFFFFFFFF;
constexpr int kExponentMax = 6'000;  // of 1e6000: within kBitsMax

// One code point of valid UTF-8, or kInvalid.
char32_t decode(std::string_view text, std::size_t* length) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  *length = 1;
  if (first < 0x80) return first;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (size == 0 || first > 0xF4 || text.size() < size) return kInvalid;
  char32_t c = first & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return kInvalid;
    c = (c << 6) | (byte(i) & 0x3F);
  }
  *length = size;
  return c;
}

// Full-width forms and the look-alikes of an operator become the operator itself.
char32_t fold(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) return c - 0xFEE0;
  switch (c) {
    case 0x00D7:
    case 0x2715:
    case 0x2716:
    case 0x2217:
    case 0x00B7:
    case 0x22C5:
      return '*';
    case 0x00F7:
    case 0x2215:
    case 0x2044:
      return '/';
    case 0x2212:
    case 0x2013:
    case 0x2014:
      return '-';
    case 0x00A0:
    case 0x2009:
    case 0x202F:
    case 0x3000:
      return ' ';
    default:
      return c;
  }
}

int superscript_digit(char32_t c) {
  switch (c) {
    case 0x2070:
      return 0;
    case 0x00B9:
      return 1;
    case 0x00B2:
      return 2;
    case 0x00B3:
      return 3;
    default:
      return c >= 0x2074 && c <= 0x2079 ? static_cast<int>(c - 0x2070) : -1;
  }
}
bool is_superscript(char32_t c) {
  return superscript_digit(c) >= 0 || c == 0x207A || c == 0x207B;
}

std::pair<int, int> vulgar_fraction(char32_t c) {
  switch (c) {
    case 0x00BC:
      return {1, 4};
    case 0x00BD:
      return {1, 2};
    case 0x00BE:
      return {3, 4};
    case 0x2150:
      return {1, 7};
    case 0x2151:
      return {1, 9};
    case 0x2152:
      return {1, 10};
    case 0x2153:
      return {1, 3};
    case 0x2154:
      return {2, 3};
    case 0x215B:
      return {1, 8};
    case 0x215C:
      return {3, 8};
    case 0x215D:
      return {5, 8};
    case 0x215E:
      return {7, 8};
    default:
      break;
  }
  if (c >= 0x2155 && c <= 0x2158) return {static_cast<int>(c - 0x2154), 5};
  if (c == 0x2159 || c == 0x215A) return {c == 0x2159 ? 1 : 5, 6};
  return {0, 0};
}

bool ascii_digit(char32_t c) {
  return c >= '0' && c <= '9';
}

// Letters of the names in use: Latin, Greek, Hangul, and the micro and degree-unit signs.
bool name_start(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == 0x00B5 ||
         (c >= 0x0391 && c <= 0x03D5) || c == 0x2103 || c == 0x2109 || (c >= 0xAC00 && c <= 0xD7A3);
}

}  // namespace

void Lexer::fail(std::string text, std::size_t offset) const {
  throw Problem{std::move(text), offset};
}

char32_t Lexer::peek(std::size_t* length) const {
  if (at_ >= text_.size()) return *length = 0, U'\0';
  const char32_t c = decode(text_.substr(at_), length);
  if (c == kInvalid) fail("this is not valid UTF-8", at_);
  return fold(c);
}

char Lexer::peek_ascii(std::size_t ahead) const {
  return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
}

bool Lexer::skip_blanks() {
  bool any = false;
  for (std::size_t length;; at_ += length, any = true) {
    const char32_t c = peek(&length);
    if (length == 0 || (c != ' ' && c != '\t' && c != '\n' && c != '\r')) return any;
  }
}

// ASCII and full-width digits alike, with _ and ' between digits dropped.
std::string Lexer::digits() {
  std::string out;
  for (std::size_t length;; at_ += length) {
    const char32_t c = peek(&length);
    if (length > 0 && ascii_digit(c)) {
      out += static_cast<char>(c);
    } else if ((c == '_' || c == '\'') && !out.empty() &&
               std::isdigit(static_cast<unsigned char>(peek_ascii(1)))) {
      continue;
    } else {
      return out;
    }
  }
}

namespace {

Integer parse_integer(const std::string& digits) {
  return digits.empty() ? Integer(0) : Integer(digits);
}

// Leading zeros would make cpp_int read octal.
std::string without_leading_zeros(std::string text) {
  text.erase(0, std::min(text.find_first_not_of('0'), text.size()));
  return text;
}

}  // namespace

Token Lexer::prefixed_number(int base) {
  const std::size_t start = at_;
  at_ += 2;
  Integer value = 0;
  std::size_t count = 0;
  // Some digits at a time: a long number grows in a few large steps.
  std::uint64_t part = 0, part_base = 1;
  const auto append_part = [&] {
    value = value * part_base + part;
    part = 0;
    part_base = 1;
  };
  for (;; ++at_) {
    const char c = peek_ascii(0);
    if (c == '_' && count > 0) continue;
    if (!std::isxdigit(static_cast<unsigned char>(c))) break;
    const int digit = std::isdigit(static_cast<unsigned char>(c)) ? c - '0' : (c | 0x20) - 'a' + 10;
    if (digit >= base) break;
    part = part * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
    part_base *= static_cast<unsigned>(base);
    if (part_base >> 56 != 0) append_part();
    ++count;
  }
  append_part();
  work_->spend(200 + static_cast<std::int64_t>(20 * count + count * count / 64));
  if (count == 0 || std::isalnum(static_cast<unsigned char>(peek_ascii(0))))
    fail(fmt::format("this is not a number to base {}", base), start);
  check_bits(bits(value));
  return Token{Symbol::number, start, at_ - start, Number(Rational(value)), {}, false};
}

Token Lexer::number(bool comma_separates) {
  const std::size_t start = at_;
  std::string whole = digits();
  std::size_t length;
  // Thousands: one to three digits, then groups of exactly three.
  while (!comma_separates && !whole.empty() && peek(&length) == ',') {
    Lexer ahead = *this;
    ahead.at_ += length;
    const std::string group = ahead.digits();
    if (group.size() != 3 ||
        (whole.size() > 3 && text_.substr(start, at_ - start).find(',') == std::string_view::npos))
      break;
    whole += group;
    at_ = ahead.at_;
  }
  std::string fraction;
  if (peek(&length) == '.') {
    at_ += length;
    fraction = digits();
    if (whole.empty() && fraction.empty()) fail("a lonely point", start);
    if (peek(&length) == '.') fail("a number with two points", start);
  }
  int exponent = 0;
  const char after = peek_ascii(0) == 'e' || peek_ascii(0) == 'E' ? peek_ascii(1) : '\0';
  const bool is_signed = after == '+' || after == '-';
  if (std::isdigit(static_cast<unsigned char>(is_signed ? peek_ascii(2) : after))) {
    at_ += is_signed ? 2 : 1;
    const std::string text = without_leading_zeros(digits());
    if (text.size() > 4 || (!text.empty() && std::stoi(text) > kExponentMax))
      fail(fmt::format("the exponent is larger than {}", kExponentMax), start);
    exponent = text.empty() ? 0 : (after == '-' ? -1 : 1) * std::stoi(text);
  }
  // Reading the digits and reducing the fraction are quadratic in their number.
  const auto limbs = static_cast<std::int64_t>(whole.size() + fraction.size()) / 19 + 1;
  const auto scale_limbs = static_cast<std::int64_t>(std::abs(exponent)) / 19 + limbs;
  work_->spend(200 + 40 * limbs * scale_limbs + scale_limbs * scale_limbs);
  const Integer mantissa = parse_integer(without_leading_zeros(whole + fraction));
  const int scale = exponent - static_cast<int>(fraction.size());
  check_bits(bits(mantissa) + std::abs(scale) * 3.3219281);
  const Integer ten_power = mp::pow(Integer(10), static_cast<unsigned>(std::abs(scale)));
  Rational value = scale < 0 ? Rational(mantissa, ten_power) : Rational(mantissa * ten_power);
  const auto [over, under] = vulgar_fraction(peek(&length));
  if (under != 0 && exponent == 0 && fraction.empty()) {  // 1½
    value += Rational(over, under);
    at_ += length;
  }
  return Token{Symbol::number, start, at_ - start, Number(std::move(value)), {}, false};
}

Token Lexer::name() {
  const std::size_t start = at_;
  std::string name;
  for (std::size_t length;; at_ += length) {
    const char32_t c = peek(&length);
    if (length == 0 || !(name_start(c) || (ascii_digit(c) && !name.empty()))) break;
    if (ascii_digit(c) && (name == "x" || name == "X")) break;  // 2x3 multiplies
    if (c < 0x80) {
      name += static_cast<char>(c);
    } else {
      name += text_.substr(at_, length);
    }
  }
  return Token{Symbol::name, start, at_ - start, {}, std::move(name), false};
}

Token Lexer::superscript() {
  const std::size_t start = at_;
  bool negative = false;
  long long value = 0;
  std::size_t length, count = 0;
  for (;; at_ += length) {
    const char32_t c = peek(&length);
    if (length == 0 || !is_superscript(c)) break;
    if (superscript_digit(c) < 0) {
      if (at_ != start) fail("a sign inside a superscript", at_);
      negative = c == 0x207B;
      continue;
    }
    value = value * 10 + superscript_digit(c);
    if (++count > 12) fail("the exponent is too large", start);
  }
  if (count == 0) fail("a superscript sign without digits", start);
  return Token{Symbol::superscript, start, at_ - start, Number(negative ? -value : value), {}, false};
}

Token Lexer::symbol(char32_t c, std::size_t length) {
  static constexpr std::pair<char32_t, Symbol> kSingle[] = {
      {'+', Symbol::plus},         {'-', Symbol::minus},         {'*', Symbol::times},
      {'/', Symbol::divide},       {'%', Symbol::percent},       {'^', Symbol::power},
      {'!', Symbol::bang},         {'(', Symbol::open},          {'[', Symbol::open},
      {')', Symbol::close},        {']', Symbol::close},         {',', Symbol::comma},
      {';', Symbol::comma},        {'=', Symbol::equal},         {'<', Symbol::less},
      {'>', Symbol::greater},      {0x00B0, Symbol::degree},     {0x221A, Symbol::root},
      {0x221B, Symbol::cube_root}, {0x2264, Symbol::less_equal}, {0x2265, Symbol::greater_equal},
      {0x2260, Symbol::not_equal}};
  static constexpr std::pair<std::string_view, Symbol> kDouble[] = {
      {"**", Symbol::power},        {"//", Symbol::floor_divide}, {"!!", Symbol::double_bang},
      {"==", Symbol::equal},        {"!=", Symbol::not_equal},    {"<=", Symbol::less_equal},
      {">=", Symbol::greater_equal}};
  Token token{Symbol::end, at_, length, {}, {}, false};
  for (const auto& [text, symbol] : kDouble) {
    if (text_.substr(at_, 2) != text) continue;
    token.symbol = symbol;
    token.length = 2;
    at_ += 2;
    return token;
  }
  for (const auto& [code, symbol] : kSingle) {
    if (code != c) continue;
    token.symbol = symbol;
    at_ += length;
    return token;
  }
  fail(fmt::format("`{}` is not understood", text_.substr(at_, length)), at_);
}

Token Lexer::next(bool comma_separates) {
  const bool blank = skip_blanks();
  std::size_t length;
  const char32_t c = peek(&length);
  Token token{Symbol::end, at_, 0, {}, {}, blank};
  if (length == 0) return token;
  const char second = static_cast<char>(peek_ascii(1) | 0x20);
  if (c == '0' && length == 1 && (second == 'x' || second == 'b' || second == 'o') &&
      std::isxdigit(static_cast<unsigned char>(peek_ascii(2)))) {
    token = prefixed_number(second == 'x' ? 16 : second == 'b' ? 2 : 8);
  } else if (ascii_digit(c) || c == '.' || vulgar_fraction(c).second != 0) {
    token = number(comma_separates);
  } else if (name_start(c)) {
    token = name();
  } else if (is_superscript(c)) {
    token = superscript();
  } else {
    token = symbol(c, length);
  }
  token.blank_before = blank;
  return token;
}

}  // namespace troupe::tools::calculator

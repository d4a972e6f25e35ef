#include "tools/builtin/calculator/format.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace troupe::tools::calculator {

namespace {

constexpr std::size_t kExactDigits = 60;
constexpr int kPlainDigits = 21;  // digits before the point that are still written out
constexpr int kPlainZeros = 6;    // zeros behind the point that are still written out

/// 0.d₁d₂d₃… × 10^exponent
struct Decimal {
  bool negative = false;
  std::string digits;
  long long exponent = 0;
};

void strip_zeros(Decimal& decimal) {
  decimal.digits.erase(decimal.digits.find_last_not_of('0') + 1);
}

// The finite decimal of a fraction whose denominator has only twos and fives; nothing for 1/3.
bool finite_decimal(const Rational& value, Decimal& decimal) {
  Integer d = denominator(value);
  const unsigned twos = static_cast<unsigned>(lsb(d));
  d >>= twos;
  // 5^k has k·log2(5) bits, so that only one k comes into question.
  const auto fives = static_cast<unsigned>(std::lround((bits(d) - 1) / 2.321928094887362));
  if (mp::pow(Integer(5), fives) != d) return false;
  const unsigned places = std::max(twos, fives);
  const Integer scaled = abs(numerator(value)) * mp::pow(Integer(10), places) / denominator(value);
  decimal.negative = value.sign() < 0;
  decimal.digits = scaled.str();
  decimal.exponent = static_cast<long long>(decimal.digits.size()) - places;
  strip_zeros(decimal);
  return true;
}

Decimal rounded(const Rational& value, int digits) {
  const Integer n = abs(numerator(value)), d = denominator(value);
  // log10 of the value within one, then scaled so that the quotient has more digits than are shown.
  const long long magnitude =
      static_cast<long long>(std::floor((static_cast<double>(bits(n)) - bits(d)) * 0.30103));
  const long long scale = digits + 1 - magnitude;
  const Integer ten = mp::pow(Integer(10), static_cast<unsigned>(std::abs(scale)));
  Integer quotient = scale >= 0 ? Integer(n * ten / d) : Integer(n / (d * ten));
  std::string text = quotient.str();
  Decimal decimal{value.sign() < 0, {}, static_cast<long long>(text.size()) - scale};
  // The digits behind the cut: a remainder can only matter when they are exactly a half, and then rounds up
  // too.
  const bool up =
      text.size() > static_cast<std::size_t>(digits) && text[static_cast<std::size_t>(digits)] >= '5';
  text.resize(std::min(text.size(), static_cast<std::size_t>(digits)));
  if (up) {
    std::string next = (Integer(text) + 1).str();
    if (next.size() > text.size()) ++decimal.exponent;
    text = std::move(next);
  }
  decimal.digits = std::move(text);
  strip_zeros(decimal);
  return decimal;
}

Decimal rounded(const Real& value, int digits) {
  // "-1.2345e+10"
  std::string text = value.str(digits - 1, std::ios_base::scientific);
  Decimal decimal;
  if (text.front() == '-') {
    decimal.negative = true;
    text.erase(0, 1);
  }
  const auto e = text.find('e');
  decimal.exponent = std::stoll(text.substr(e + 1)) + 1;
  text.resize(e);
  std::erase(text, '.');
  decimal.digits = std::move(text);
  strip_zeros(decimal);
  return decimal;
}

std::string scientific(const Decimal& decimal) {
  std::string out = decimal.negative ? "-" : "";
  out += decimal.digits[0];
  if (decimal.digits.size() > 1) out += "." + decimal.digits.substr(1);
  return out + fmt::format("e{:+}", decimal.exponent - 1);
}

std::string plain(const Decimal& decimal) {
  const auto count = static_cast<long long>(decimal.digits.size());
  std::string out = decimal.negative ? "-" : "";
  if (decimal.exponent <= 0)
    return out + "0." + std::string(static_cast<std::size_t>(-decimal.exponent), '0') + decimal.digits;
  const auto point = static_cast<std::size_t>(decimal.exponent);
  if (decimal.exponent >= count)
    return out + decimal.digits + std::string(point - decimal.digits.size(), '0');
  return out + decimal.digits.substr(0, point) + "." + decimal.digits.substr(point);
}

std::string text_of(const Decimal& decimal) {
  if (decimal.digits.empty()) return "0";
  const bool is_plain = decimal.exponent <= kPlainDigits && decimal.exponent >= -kPlainZeros + 1;
  // An exact decimal with many digits before the point is written out; only short ones gain from an exponent.
  const bool whole_part_known =
      decimal.exponent > 0 && static_cast<long long>(decimal.digits.size()) > decimal.exponent;
  return is_plain || whole_part_known ? plain(decimal) : scientific(decimal);
}

Decimal decimal_of(const Number& number, int digits, Work& work) {
  if (!number.rational()) return rounded(number.real(), digits);
  const unsigned size = std::max(bits(numerator(number.fraction())), bits(denominator(number.fraction())));
  work.spend(500 + static_cast<std::int64_t>(size) * size / 40);
  Decimal decimal;
  if (finite_decimal(number.fraction(), decimal) && decimal.digits.size() <= kExactDigits) return decimal;
  return rounded(number.fraction(), digits);
}

std::string binary_of(const std::string& hex) {
  std::string out;
  for (char c : hex) {
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    for (int bit = 3; bit >= 0; --bit) out += (digit >> bit & 1) != 0 ? '1' : '0';
  }
  return out.erase(0, std::min(out.find('1'), out.size() - 1));
}

std::string in_base(const Number& number, int base, std::string_view mark) {
  const Integer value = numerator(number.fraction());
  const Integer magnitude = abs(value);
  std::string out = magnitude.str(0, base == 8 ? std::ios_base::oct : std::ios_base::hex);
  if (base == 2) out = binary_of(out);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format("{}{}{}", value.sign() < 0 ? "-" : "", mark, out);
}

std::string as_fraction(const Number& number) {
  const Rational& q = number.fraction();
  if (!number.pi_multiple()) return denominator(q) == 1 ? numerator(q).str() : q.str();
  const std::string over = numerator(q) == 1 ? "pi" : numerator(q) == -1 ? "-pi" : numerator(q).str() + "*pi";
  return denominator(q) == 1 ? over : over + "/" + denominator(q).str();
}

std::string text_of(const Number& number, int digits, Work& work) {
  if (number.integer()) {
    const unsigned size = bits(numerator(number.fraction()));
    work.spend(500 + static_cast<std::int64_t>(size) * size / 40);
    return numerator(number.fraction()).str();
  }
  return text_of(decimal_of(number, digits, work));
}

}  // namespace

void check_form(const Value& value) {
  using Form = Value::Form;
  if (value.dimension != kPlain) return;
  const bool base = value.form == Form::hex || value.form == Form::binary || value.form == Form::octal;
  if (base && !value.number.integer())
    throw Problem{"only whole numbers can be shown to another base; round it first"};
  if (value.form == Form::fraction && !value.number.exact())
    throw Problem{"this value is irrational: it has no exact fraction"};
}

std::string format(const Value& value, int digits, Work& work) {
  check_form(value);
  if (value.truth) return *value.truth ? "true" : "false";
  if (value.dimension == kPlain) {
    switch (value.form) {
      case Value::Form::hex:
        return in_base(value.number, 16, "0x");
      case Value::Form::binary:
        return in_base(value.number, 2, "0b");
      case Value::Form::octal:
        return in_base(value.number, 8, "0o");
      case Value::Form::fraction:
        return as_fraction(value.number);
      case Value::Form::percent:
        return text_of(multiply(value.number, Number(100), work), digits, work) + "%";
      case Value::Form::scientific: {
        const Decimal decimal = decimal_of(value.number, digits, work);
        return decimal.digits.empty() ? "0" : scientific(decimal);
      }
      case Value::Form::decimal:
        return text_of(value.number, digits, work);
    }
  }
  if (!value.shown || value.shown->dimension != value.dimension)
    return fmt::format("{} {}", text_of(value.number, digits, work), base_label(value.dimension));
  const std::string number = text_of(divide(value.number, value.shown->factor, work), digits, work);
  return fmt::format("{}{}{}", number, value.shown->label == "°" ? "" : " ", value.shown->label);
}

}  // namespace troupe::tools::calculator

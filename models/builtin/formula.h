#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// An arithmetic expression being put together as text, with just the parentheses it needs.
///
/// Two spellings are kept: `text`, close to what the person wrote ("17.5% of 2480"), and `plain`, made of
/// numbers, + - * / ^ and calls only ("17.5 / 100 * 2480"), for a calculator that refuses the first.
class Formula {
 public:
  enum Precedence { kSum = 1, kProduct = 2, kSign = 3, kPower = 4, kAtom = 5 };

  static Formula number(std::string_view digits);
  static Formula constant(std::string_view name);
  static Formula call(std::string_view function, const std::vector<Formula>& arguments);
  /// `inner` in the parentheses the person wrote.
  static Formula grouped(const Formula& inner);
  static Formula negated(const Formula& value);

  friend Formula operator+(const Formula& a, const Formula& b) { return join(a, " + ", b, kSum); }
  friend Formula operator-(const Formula& a, const Formula& b) { return join(a, " - ", b, kSum); }
  friend Formula operator*(const Formula& a, const Formula& b) { return join(a, " * ", b, kProduct); }
  friend Formula operator/(const Formula& a, const Formula& b) { return join(a, " / ", b, kProduct); }
  static Formula power(const Formula& base, const Formula& exponent) {
    return join(base, "^", exponent, kPower);
  }
  static Formula modulo(const Formula& a, const Formula& b);
  static Formula percent(const Formula& value);
  static Formula percent_of(const Formula& rate, const Formula& whole);
  /// By how much `whole` changes when it changes by `by`: a percentage is one of the whole.
  static Formula change(const Formula& by, const Formula& whole);
  static Formula factorial(const Formula& value);
  static Formula degrees(const Formula& value);

  const std::string& text() const { return text_; }
  const std::string& plain() const { return plain_; }
  /// False for a bare number or constant: there is nothing to calculate.
  bool computes() const { return computes_; }
  /// Written as a percentage, so that "of" may follow.
  bool is_percent() const { return percent_; }

 private:
  static Formula join(const Formula& a, std::string_view op, const Formula& b, Precedence precedence);
  static std::string wrap(const std::string& text, bool parentheses);

  std::string text_;
  std::string plain_;
  Precedence precedence_ = kAtom;
  Precedence plain_precedence_ = kAtom;
  bool computes_ = false;
  bool percent_ = false;
};

}  // namespace troupe::models::builtin

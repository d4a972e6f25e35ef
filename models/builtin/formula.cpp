#include "models/builtin/formula.h"

namespace troupe::models::builtin {

std::string Formula::wrap(const std::string& text, bool parentheses) {
  return parentheses ? "(" + text + ")" : text;
}

Formula Formula::number(std::string_view digits) {
  Formula f;
  f.text_ = f.plain_ = digits;
  if (!digits.empty() && digits.front() == '-') f.precedence_ = f.plain_precedence_ = kSign;
  return f;
}

Formula Formula::constant(std::string_view name) {
  return number(name);
}

Formula Formula::call(std::string_view function, const std::vector<Formula>& arguments) {
  Formula f;
  f.computes_ = true;
  f.text_ = f.plain_ = std::string(function) + "(";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    f.text_ += (i ? ", " : "") + arguments[i].text_;
    f.plain_ += (i ? ", " : "") + arguments[i].plain_;
  }
  f.text_ += ")";
  f.plain_ += ")";
  return f;
}

Formula Formula::grouped(const Formula& inner) {
  Formula f = inner;
  // A second pair around an atom says nothing.
  f.text_ = wrap(inner.text_, inner.precedence_ != kAtom);
  f.plain_ = wrap(inner.plain_, inner.plain_precedence_ != kAtom);
  f.precedence_ = f.plain_precedence_ = kAtom;
  f.percent_ = false;
  return f;
}

Formula Formula::negated(const Formula& value) {
  Formula f = value;
  f.text_ = "-" + wrap(value.text_, value.precedence_ < kPower);
  f.plain_ = "-" + wrap(value.plain_, value.plain_precedence_ < kPower);
  f.precedence_ = f.plain_precedence_ = kSign;
  f.percent_ = false;
  return f;
}

Formula Formula::join(const Formula& a, std::string_view op, const Formula& b, Precedence precedence) {
  // Powers group to the right, everything else to the left; only + and * may drop parentheses on the right.
  bool power = precedence == kPower;
  bool associative = op == " + " || op == " * ";
  auto left = [&](Precedence p) { return power ? p < kAtom : p < precedence; };
  auto right = [&](Precedence p) {
    if (power) return p < kPower && p != kSign;
    return p < precedence || (p == precedence && !associative);
  };
  Formula f;
  f.computes_ = true;
  f.precedence_ = f.plain_precedence_ = precedence;
  f.text_ = wrap(a.text_, left(a.precedence_));
  f.text_ += op;
  f.text_ += wrap(b.text_, right(b.precedence_));
  f.plain_ = wrap(a.plain_, left(a.plain_precedence_));
  f.plain_ += op;
  f.plain_ += wrap(b.plain_, right(b.plain_precedence_));
  return f;
}

Formula Formula::modulo(const Formula& a, const Formula& b) {
  Formula f = join(a, " mod ", b, kProduct);
  f.plain_ = "mod(" + a.plain_ + ", " + b.plain_ + ")";
  f.plain_precedence_ = kAtom;
  return f;
}

Formula Formula::percent(const Formula& value) {
  Formula f;
  f.computes_ = true;
  f.percent_ = true;
  f.text_ = wrap(value.text_, value.precedence_ < kAtom) + "%";
  f.plain_ = wrap(value.plain_, value.plain_precedence_ < kProduct) + " / 100";
  f.plain_precedence_ = kProduct;
  return f;
}

Formula Formula::percent_of(const Formula& rate, const Formula& whole) {
  Formula f = join(percent(rate), " of ", whole, kProduct);
  f.plain_ = (rate / number("100") * whole).plain_;
  return f;
}

Formula Formula::change(const Formula& by, const Formula& whole) {
  if (!by.is_percent()) return by;
  return percent_of(number(by.text_.substr(0, by.text_.size() - 1)), whole);
}

Formula Formula::factorial(const Formula& value) {
  Formula f = value;
  f.computes_ = true;
  f.percent_ = false;
  f.text_ = wrap(value.text_, value.precedence_ < kAtom) + "!";
  f.plain_ = "factorial(" + value.plain_ + ")";
  f.precedence_ = f.plain_precedence_ = kAtom;
  return f;
}

Formula Formula::degrees(const Formula& value) {
  Formula f = value;
  f.text_ = wrap(value.text_, value.precedence_ < kAtom) + "°";
  f.plain_ = (value * constant("pi") / number("180")).plain_;
  f.precedence_ = kAtom;
  f.plain_precedence_ = kProduct;
  return f;
}

}  // namespace troupe::models::builtin

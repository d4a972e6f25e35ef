#include "tools/builtin/calculator/number.h"

#include "tools/builtin/calculator/exponential.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace troupe::tools::calculator {

namespace {

constexpr std::int64_t kRealCost = 2'000;  // one operation on 60 digits

unsigned size_of(const Rational& q) {
  return std::max(bits(numerator(q)), bits(denominator(q)));
}

std::int64_t limbs(unsigned bit_count) {
  return bit_count / 64 + 1;
}

// The products and, which dominates, the reduction of the fraction afterwards.
std::int64_t cost(const Rational& a, const Rational& b) {
  const std::int64_t limbs_a = limbs(size_of(a)), limbs_b = limbs(size_of(b));
  return 3'000 + 300 * (limbs_a + limbs_b) + 40 * limbs_a * limbs_b;
}

const Real& tiny() {
  static const Real value("1e-50");
  return value;
}

Real to_real(const Rational& q) {
  return to_decimal<Real>(numerator(q)) / to_decimal<Real>(denominator(q));
}

}  // namespace

void Work::spend(std::int64_t units) {
  left_ -= units;
  if (left_ < 0) throw Problem{"this takes too long to compute; split it into smaller steps"};
}

unsigned bits(const Integer& value) {
  return value.is_zero() ? 0 : static_cast<unsigned>(msb(abs(value))) + 1;
}

void check_bits(double bits_expected) {
  if (bits_expected <= kBitsMax) return;
  throw Problem{
      fmt::format("the exact result would have about {:.6g} digits; at most {:.0f} are computed. "
                  "Work with logarithms, e.g. log10(…), to compare numbers of this size",
                  bits_expected * 0.30103, std::floor(kBitsMax * 0.30103))};
}

const Real& pi() {
  static const Real value(
      "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803");
  return value;
}

Number::Number(Real value) : kind_(Kind::real) {
  if (!(boost::multiprecision::isfinite)(value)) throw Problem{"the result is too large to be computed"};
  static const Real kExactBelow("1e15");
  if (value != 0 && mp::abs(value) < kExactBelow) {
    const Real whole = mp::round(value);
    if (whole != 0 && mp::abs(value - whole) <= tiny() * mp::abs(whole)) {
      kind_ = Kind::rational;
      exact_ = Rational(static_cast<Integer>(whole));
      return;
    }
  }
  real_ = std::move(value);
}

Number Number::pi_times(Rational factor) {
  Number number;
  if (!factor.is_zero()) number.kind_ = Kind::pi;
  number.exact_ = std::move(factor);
  return number;
}

Real Number::real() const {
  if (kind_ == Kind::real) return real_;
  Real value = to_real(exact_);
  return kind_ == Kind::pi ? value * pi() : value;
}

long long Number::to_int(const char* what) const {
  if (!integer()) throw Problem{fmt::format("{} must be a whole number", what)};
  const Integer value = numerator(exact_);
  if (bits(value) > 62) throw Problem{fmt::format("{} is too large", what)};
  return value.convert_to<long long>();
}

Number negate(const Number& a) {
  if (a.pi_multiple()) return Number::pi_times(-a.fraction());
  return a.exact() ? Number(Rational(-a.fraction())) : Number(Real(-a.real()));
}

namespace {

// A product or quotient of decimals: what falls below their range is no zero.
Number scaled(Real value) {
  if (value.is_zero()) throw Problem{"the result is too close to zero to be computed"};
  return Number(std::move(value));
}

Number add_reals(const Real& a, const Real& b, Work& work) {
  work.spend(kRealCost);
  Real sum = a + b;
  // What cancellation leaves of rounding errors is zero: √2² - 2 is 0, not 4e-60.
  if (mp::abs(sum) <= tiny() * std::max(mp::abs(a), mp::abs(b))) return Number(0);
  return Number(std::move(sum));
}

bool same_kind(const Number& a, const Number& b) {
  return a.exact() && b.exact() && (a.pi_multiple() == b.pi_multiple() || a.zero() || b.zero());
}

}  // namespace

Number add(const Number& a, const Number& b, Work& work) {
  if (!same_kind(a, b)) return add_reals(a.real(), b.real(), work);
  if (a.integer() && b.integer()) {
    const Integer whole = numerator(a.fraction()) + numerator(b.fraction());
    check_bits(bits(whole));
    work.spend(200 + 2 * limbs(bits(whole)));
    return Number(Rational(whole));
  }
  work.spend(cost(a.fraction(), b.fraction()));
  Rational sum = a.fraction() + b.fraction();
  // A long exact fraction is worth less than an answer: go on with 60 digits.
  if (size_of(sum) > kBitsMax) return add_reals(a.real(), b.real(), work);
  return a.pi_multiple() || b.pi_multiple() ? Number::pi_times(std::move(sum)) : Number(std::move(sum));
}

Number subtract(const Number& a, const Number& b, Work& work) {
  return add(a, negate(b), work);
}

Number multiply(const Number& a, const Number& b, Work& work) {
  if (a.zero() || b.zero()) return Number(0);
  const bool exact = a.exact() && b.exact() && !(a.pi_multiple() && b.pi_multiple());
  if (!exact) {
    work.spend(kRealCost);
    return scaled(a.real() * b.real());
  }
  if (a.integer() && b.integer()) {
    const unsigned bits_a = bits(numerator(a.fraction())), bits_b = bits(numerator(b.fraction()));
    check_bits(bits_a + bits_b - 1.0);
    work.spend(200 + 3 * limbs(bits_a) * limbs(bits_b));
    return Number(Rational(Integer(numerator(a.fraction()) * numerator(b.fraction()))));
  }
  work.spend(cost(a.fraction(), b.fraction()));
  Rational product = a.fraction() * b.fraction();
  if (size_of(product) > kBitsMax) return scaled(a.real() * b.real());
  return a.pi_multiple() || b.pi_multiple() ? Number::pi_times(std::move(product))
                                            : Number(std::move(product));
}

Number divide(const Number& a, const Number& b, Work& work) {
  if (b.zero()) throw Problem{"division by zero"};
  if (a.zero()) return Number(0);
  // π/π cancels; 1/π is no multiple of π.
  const bool exact = a.exact() && b.exact() && (a.pi_multiple() || !b.pi_multiple());
  if (!exact) {
    work.spend(kRealCost);
    return scaled(a.real() / b.real());
  }
  work.spend(cost(a.fraction(), b.fraction()));
  Rational quotient = a.fraction() / b.fraction();
  if (size_of(quotient) > kBitsMax) return scaled(a.real() / b.real());
  return a.pi_multiple() && !b.pi_multiple() ? Number::pi_times(std::move(quotient))
                                             : Number(std::move(quotient));
}

Number floor(const Number& a) {
  if (!a.rational()) {
    static const Real kKnown("1e40");
    const Real whole = mp::floor(a.real());
    if (mp::abs(whole) > kKnown)
      throw Problem{"this value is not exact, and too large for its whole part to be known"};
    return Number(Rational(static_cast<Integer>(whole)));
  }
  const Integer n = numerator(a.fraction()), d = denominator(a.fraction());
  Integer quotient, remainder;
  divide_qr(n, d, quotient, remainder);
  if (remainder.sign() < 0) --quotient;
  return Number(Rational(quotient));
}

Number floor_divide(const Number& a, const Number& b, Work& work) {
  return floor(divide(a, b, work));
}

Number modulo(const Number& a, const Number& b, Work& work) {
  if (b.zero()) throw Problem{"modulo by zero"};
  return subtract(a, multiply(b, floor_divide(a, b, work), work), work);
}

int compare(const Number& a, const Number& b, Work& work) {
  if (!a.rational() || !b.rational()) return subtract(a, b, work).sign();
  work.spend(500 + 4 * limbs(size_of(a.fraction())) * limbs(size_of(b.fraction())));
  return a.fraction().compare(b.fraction());
}

namespace {

// At most a little above the root: of the leading bits as a double, scaled.
Integer root_from_above(const Integer& value, unsigned degree) {
  constexpr unsigned kDoubleBits = 1'000;
  const unsigned size = bits(value);
  const unsigned shift = size > kDoubleBits ? (size - kDoubleBits + degree) / degree * degree : 0;
  const double leading = Integer(value >> shift).convert_to<double>();
  const double estimate = std::pow(leading * (1 + 1e-10) + 1, 1.0 / degree) * (1 + 1e-10) + 1;
  return Integer(estimate) << (shift / degree);
}

}  // namespace

Integer integer_root(const Integer& value, unsigned degree) {
  if (value < 2 || degree == 1) return value;
  // Newton from above: decreases until it is the floor of the root.
  Integer guess = root_from_above(value, degree);
  for (;;) {
    Integer next = ((degree - 1) * guess + value / mp::pow(guess, degree - 1)) / degree;
    if (next >= guess) return guess;
    guess = std::move(next);
  }
}

Number root(const Number& radicand, long long degree, Work& work) {
  if (degree == 0) throw Problem{"the zeroth root is not defined"};
  if (degree < 0) return divide(Number(1), root(radicand, -degree, work), work);
  if (radicand.zero()) return radicand;
  const bool negative = radicand.sign() < 0;
  if (negative && degree % 2 == 0)
    throw Problem{degree == 2 ? "the square root of a negative number is not real"
                              : "an even root of a negative number is not real"};
  const Number magnitude = negative ? negate(radicand) : radicand;
  if (magnitude.rational() && degree <= 64) {
    const std::int64_t size = limbs(size_of(magnitude.fraction()));
    work.spend(20'000 + 60 * size * size);
    const Integer n = numerator(magnitude.fraction()), d = denominator(magnitude.fraction());
    const auto k = static_cast<unsigned>(degree);
    const Integer root_n = integer_root(n, k);
    if (mp::pow(root_n, k) == n) {
      const Integer root_d = integer_root(d, k);
      if (mp::pow(root_d, k) == d) {
        Rational exact(root_n, root_d);
        return Number(negative ? Rational(-exact) : exact);
      }
    }
  }
  work.spend(kRealCost * 10);
  Real value =
      degree == 2 ? mp::sqrt(magnitude.real()) : exp_of(log_of(magnitude, work) / Real(degree), work);
  return Number(negative ? Real(-value) : value);
}

namespace {

// base^exponent for a whole exponent, exactly; false when that would be too long a fraction.
bool exact_power(const Rational& base, long long exponent, Work& work, Number& result) {
  const auto size = static_cast<unsigned long long>(exponent < 0 ? -exponent : exponent);
  const Integer n = numerator(base), d = denominator(base);
  const bool unit = d == 1 && abs(n) == 1;
  const double expected = unit ? 1 : (std::max(bits(n), bits(d)) - 1.0) * static_cast<double>(size);
  if (!unit && expected > kBitsMax) {
    if (d == 1 && exponent > 0) check_bits(expected);  // an integer is exact or refused
    return false;
  }
  const std::int64_t size_limbs = limbs(static_cast<unsigned>(expected));
  work.spend(500 + 10 * size_limbs * size_limbs);
  const auto k = static_cast<unsigned>(unit ? size % 2 : size);
  Integer power_n = mp::pow(n, k), power_d = mp::pow(d, k);
  if (exponent < 0) std::swap(power_n, power_d);
  if (power_d.sign() < 0) {
    power_n = -power_n;
    power_d = -power_d;
  }
  if (std::max(bits(power_n), bits(power_d)) > kBitsMax) {
    if (power_d == 1) check_bits(bits(power_n));
    return false;
  }
  result = Number(Rational(power_n, power_d));
  return true;
}

}  // namespace

Number power(const Number& base, const Number& exponent, Work& work) {
  if (exponent.zero()) return Number(1);  // 0^0 is 1, as in every programming language
  if (base.zero()) {
    if (exponent.sign() < 0) throw Problem{"division by zero: 0 to a negative power"};
    return Number(0);
  }
  if (exponent.integer()) {
    const Integer n = numerator(exponent.fraction());
    if (base.rational()) {
      const Rational& q = base.fraction();
      const bool unit = abs(numerator(q)) == 1 && denominator(q) == 1;
      if (unit) return Number(q.sign() > 0 || n % 2 == 0 ? 1 : -1);
      const bool short_enough = bits(n) <= 62;
      if (!short_enough && base.integer() && n.sign() > 0) throw Problem{"the exponent is too large"};
      Number result;
      if (short_enough && exact_power(q, n.convert_to<long long>(), work, result)) return result;
    }
    if (base.pi_multiple() && n == 1) return base;
    Real value = exp_of(log_of(base.sign() < 0 ? negate(base) : base, work) * Real(n), work);
    return Number(base.sign() < 0 && n % 2 != 0 ? Real(-value) : value);
  }
  if (exponent.rational() && denominator(exponent.fraction()) <= 64) {
    // x^(p/q) is the q-th root of x, to the p: exact where the root is, real for odd roots of negatives.
    const auto degree = denominator(exponent.fraction()).convert_to<long long>();
    const Number r = root(base, degree, work);
    if (r.exact() || base.sign() < 0) return power(r, Number(Rational(numerator(exponent.fraction()))), work);
  }
  if (base.sign() < 0) throw Problem{"a negative number to a power that is not whole is not real"};
  return Number(exp_of(log_of(base, work) * exponent.real(), work));
}

}  // namespace troupe::tools::calculator

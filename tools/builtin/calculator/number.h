#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include <boost/multiprecision/cpp_dec_float.hpp>
#include <boost/multiprecision/cpp_int.hpp>

namespace troupe::tools::calculator {

namespace mp = boost::multiprecision;
using Integer = mp::number<mp::cpp_int_backend<>, mp::et_off>;
using Rational = mp::number<mp::cpp_rational_backend, mp::et_off>;
using Real = mp::number<mp::cpp_dec_float<60>, mp::et_off>;

/// Why an expression has no value, and where: what the recursive parser unwinds with. calculate() is the
/// only place that catches it.
struct Problem {
  std::string text;
  std::size_t offset = kNowhere;  ///< in bytes; the parser fills it in where arithmetic does not know it
  static constexpr std::size_t kNowhere = ~std::size_t{0};
};

/// What one evaluation may still cost, in units of about a nanosecond. Counted rather than timed, so that the
/// same expression always ends the same way.
class Work {
 public:
  explicit Work(std::int64_t units) : left_(units) {}
  void spend(std::int64_t units);

 private:
  std::int64_t left_;
};

inline constexpr unsigned kBitsMax = 20'000;  ///< of an exact numerator or denominator

/// A number: exact (a fraction, or a fraction of π, so that sin(π/6) and sin(30°) come out exact) or, once a
/// root or a transcendental function made it irrational, a decimal of 60 digits. Exact results stay exact.
class Number {
 public:
  Number() = default;
  Number(long long value) : exact_(value) {}
  explicit Number(Rational value) : exact_(std::move(value)) {}
  /// A whole number that a rounding error of the last digits hides becomes exact: √2·√8 is 4.
  /// Throws Problem when `value` is not finite.
  explicit Number(Real value);
  static Number pi_times(Rational factor);

  bool exact() const { return kind_ != Kind::real; }
  /// Exact and not a multiple of π.
  bool rational() const { return kind_ == Kind::rational; }
  bool pi_multiple() const { return kind_ == Kind::pi; }
  bool integer() const { return rational() && denominator(exact_) == 1; }
  bool zero() const { return exact() ? exact_.is_zero() : real_.is_zero(); }
  int sign() const { return exact() ? exact_.sign() : (real_ < 0 ? -1 : real_ > 0 ? 1 : 0); }

  /// The fraction; of π when pi_multiple().
  const Rational& fraction() const { return exact_; }
  Real real() const;
  /// Its value when it is a whole number that fits; throws Problem naming `what` otherwise.
  long long to_int(const char* what) const;

 private:
  enum class Kind { rational, pi, real };
  Kind kind_ = Kind::rational;
  Rational exact_ = 0;
  Real real_ = 0;
};

const Real& pi();

/// Arithmetic. Throws Problem on division by zero, outside a domain, or when the result would be larger than
/// kBitsMax; that is estimated before anything large is computed.
Number add(const Number& a, const Number& b, Work& work);
Number subtract(const Number& a, const Number& b, Work& work);
Number multiply(const Number& a, const Number& b, Work& work);
Number divide(const Number& a, const Number& b, Work& work);
/// Rounds toward minus infinity, as `//` of Python; modulo has the sign of the divisor.
Number floor_divide(const Number& a, const Number& b, Work& work);
Number modulo(const Number& a, const Number& b, Work& work);
Number power(const Number& base, const Number& exponent, Work& work);
Number root(const Number& radicand, long long degree, Work& work);
Number negate(const Number& a);
/// Throws Problem for an inexact number that is too large for its whole part to be known.
Number floor(const Number& a);
int compare(const Number& a, const Number& b, Work& work);

unsigned bits(const Integer& value);
/// Throws Problem when an exact whole number of about this many bits is too large to compute.
void check_bits(double bits_expected);
/// The value as a decimal of T's digits, quickly also where it has thousands of bits.
template <class T>
T to_decimal(const Integer& value) {
  constexpr unsigned kBitsKept = 64 + std::numeric_limits<T>::digits10 * 4;
  const unsigned size = bits(value);
  if (size <= kBitsKept) return T(value);
  const unsigned shift = size - kBitsKept;
  return T(Integer(value >> shift)) * mp::pow(T(2), shift);
}

/// Largest r with r^degree <= value, for value >= 0.
Integer integer_root(const Integer& value, unsigned degree);

}  // namespace troupe::tools::calculator

#include "tools/builtin/calculator/trigonometry.h"

namespace troupe::tools::calculator {

namespace {

using Arguments = std::span<const Number>;
constexpr std::int64_t kCost = 200'000;

Number fraction(long long n, long long d) {
  return Number(Rational(n, d));
}

// The angle as a multiple of 30° within one turn, when it is one exactly; -1 otherwise. 45° is told apart by
// `eighths`.
struct ExactAngle {
  int thirties = -1;
  int forty_fives = -1;
};

Rational modulo_turn(const Rational& degrees, Work& work) {
  return modulo(Number(degrees), Number(360), work).fraction();
}

ExactAngle exact_angle(const Number& radians, Work& work) {
  ExactAngle angle;
  Rational degrees;
  if (radians.zero()) {
    degrees = 0;
  } else if (radians.pi_multiple()) {
    degrees = modulo_turn(radians.fraction() * 180, work);
  } else {
    return angle;
  }
  if (denominator(degrees) != 1) return angle;
  const int whole = numerator(degrees).convert_to<int>();
  if (whole % 30 == 0) angle.thirties = whole / 30;
  if (whole % 45 == 0) angle.forty_fives = whole / 45;
  return angle;
}

// In radians: a plain number in degree mode means degrees. A number with an angle unit arrives as a multiple
// of π already.
Number as_radians(const Number& x, const Setting& setting) {
  if (setting.angle == Angle::radians || !x.rational()) return x;
  return Number::pi_times(x.fraction() / 180);
}

Real reduced(const Number& radians, Work& work) {
  // A multiple of π is brought into one turn while it is exact.
  if (radians.pi_multiple())
    return Number::pi_times(modulo_turn(radians.fraction() * 180, work) / 180).real();
  const Real value = radians.real();
  static const Real kLargest("1e25");  // beyond, too few of the 60 digits are left for the angle
  if (mp::abs(value) > kLargest) throw Problem{"the angle is too large for its sine to have a meaning"};
  return value;
}

Number sine_of(const Number& radians, Work& work) {
  switch (exact_angle(radians, work).thirties) {
    case 0:
    case 6:
      return Number(0);
    case 1:
    case 5:
      return fraction(1, 2);
    case 3:
      return Number(1);
    case 7:
    case 11:
      return fraction(-1, 2);
    case 9:
      return Number(-1);
    default:
      break;
  }
  work.spend(kCost);
  return Number(Real(mp::sin(reduced(radians, work))));
}

Number cosine_of(const Number& radians, Work& work) {
  // cos x = sin(90° - x), exactly, where x is a multiple of π.
  if (radians.zero() || radians.pi_multiple())
    return sine_of(subtract(Number::pi_times(Rational(1, 2)), radians, work), work);
  work.spend(kCost);
  return Number(Real(mp::cos(reduced(radians, work))));
}

// An angle as the setting wants it: a multiple of π for radians, a plain number for degrees.
Number as_angle(const Number& radians, Setting& setting) {
  if (setting.angle == Angle::radians) return radians;
  return divide(multiply(radians, Number(180), setting.work), Number::pi_times(1), setting.work);
}

}  // namespace

Number sine(Arguments a, Setting& s) {
  return sine_of(as_radians(a[0], s), s.work);
}
Number cosine(Arguments a, Setting& s) {
  return cosine_of(as_radians(a[0], s), s.work);
}

Number tangent(Arguments a, Setting& s) {
  const Number radians = as_radians(a[0], s);
  switch (exact_angle(radians, s.work).forty_fives) {
    case 0:
    case 4:
      return Number(0);
    case 1:
    case 5:
      return Number(1);
    case 3:
    case 7:
      return Number(-1);
    case 2:
    case 6:
      throw Problem{"the tangent of 90° is not defined"};
    default:
      break;
  }
  return divide(sine_of(radians, s.work), cosine_of(radians, s.work), s.work);
}

Number arc_sine(Arguments a, Setting& s) {
  const Number& x = a[0];
  if (x.rational()) {
    const Rational& q = x.fraction();
    if (q > 1 || q < -1) throw Problem{"asin needs a number from -1 to 1"};
    if (q == 0) return Number(0);
    if (abs(q) == 1) return as_angle(Number::pi_times(q / 2), s);
    if (abs(q) == Rational(1, 2)) return as_angle(Number::pi_times(q / 3), s);
  }
  const Real value = x.real();
  if (mp::abs(value) > 1) throw Problem{"asin needs a number from -1 to 1"};
  s.work.spend(3 * kCost);
  return as_angle(Number(Real(mp::asin(value))), s);
}

Number arc_cosine(Arguments a, Setting& s) {
  if (mp::abs(a[0].real()) > 1) throw Problem{"acos needs a number from -1 to 1"};
  Setting radians{s.work, Angle::radians};
  return as_angle(subtract(Number::pi_times(Rational(1, 2)), arc_sine(a, radians), s.work), s);
}

Number arc_tangent(Arguments a, Setting& s) {
  const Number& x = a[0];
  if (x.zero()) return Number(0);
  if (x.rational() && abs(x.fraction()) == 1) return as_angle(Number::pi_times(x.fraction() / 4), s);
  s.work.spend(3 * kCost);
  return as_angle(Number(Real(mp::atan(x.real()))), s);
}

Number arc_tangent2(Arguments a, Setting& s) {
  const Number &y = a[0], &x = a[1];
  if (x.zero() && y.zero()) throw Problem{"atan2(0, 0) is not defined"};
  if (x.zero()) return as_angle(Number::pi_times(Rational(y.sign(), 2)), s);
  Setting radians{s.work, Angle::radians};
  const Number slope = divide(y, x, s.work);
  Number angle = arc_tangent(std::span(&slope, 1), radians);
  if (x.sign() < 0) angle = add(angle, Number::pi_times(y.sign() < 0 ? -1 : 1), s.work);
  return as_angle(angle, s);
}

Number to_degrees(Arguments a, Setting& s) {
  return divide(multiply(a[0], Number(180), s.work), Number::pi_times(1), s.work);
}

Number to_radians(Arguments a, Setting& s) {
  return multiply(a[0], Number::pi_times(Rational(1, 180)), s.work);
}

}  // namespace troupe::tools::calculator

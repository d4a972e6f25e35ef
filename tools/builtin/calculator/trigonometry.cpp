#include "tools/builtin/calculator/trigonometry.h"

namespace troupe::tools::calculator {

namespace {

using Arguments = std::span<const Number>;
constexpr std::int64_t kCost = 200'000;

Number fraction(long long n, long long d) {
  return Number(Rational(n, d));
}

// The angle in steps of 30° and of 45° within one turn, where it is a whole number of them; -1 otherwise.
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

// In radians: a plain number in degree mode means degrees. A multiple of π, which is what a number with an
// angle unit arrives as too, is an angle already.
Number as_radians(const Number& x, const Setting& setting) {
  if (setting.angle == Angle::radians || x.pi_multiple()) return x;
  if (x.rational()) return Number::pi_times(x.fraction() / 180);
  return Number(Real(x.real() * pi() / 180));
}

/// An angle as a whole number of half turns and a rest of at most a quarter: sin is the sine of the rest,
/// with the other sign behind an odd number. The rest has all its digits also where it is small.
struct Reduced {
  Real rest;
  bool odd = false;
};

bool is_odd(const Integer& n) {
  return n % 2 != 0;
}

// The first angles for which too few of the digits are left: of an exact number 120 take part, of others 60.
const Real& too_large(bool exact) {
  static const Real kExact("1e50"), kOther("1e25");
  return exact ? kExact : kOther;
}

Reduced reduced(const Number& radians, bool quarter_ahead) {
  if (radians.pi_multiple()) {
    const Rational turns = radians.fraction() + Rational(quarter_ahead ? 1 : 0, 2);
    const Number half_turns = floor(Number(Rational(turns + Rational(1, 2))));
    return {Number::pi_times(turns - half_turns.fraction()).real(), is_odd(numerator(half_turns.fraction()))};
  }
  if (mp::abs(radians.real()) > too_large(radians.rational()))
    throw Problem{"the angle is too large for its sine to have a meaning"};
  using Wide = mp::number<mp::cpp_dec_float<120>, mp::et_off>;
  static const Wide kPi(
      "3."
      "14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798"
      "2148086513282306647093844609550582231725359408128481");
  Wide angle = radians.rational() ? to_decimal<Wide>(numerator(radians.fraction())) /
                                        to_decimal<Wide>(denominator(radians.fraction()))
                                  : Wide(radians.real());
  if (quarter_ahead) angle += kPi / 2;
  const Wide half_turns = mp::floor(Wide(angle / kPi + Wide("0.5")));
  return {Real(angle - half_turns * kPi), is_odd(static_cast<Integer>(half_turns))};
}

Number signed_sine(const Number& radians, bool quarter_ahead, Work& work) {
  work.spend(kCost);
  const Reduced angle = reduced(radians, quarter_ahead);
  const Real sine = mp::sin(angle.rest);
  return Number(angle.odd ? Real(-sine) : sine);
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
  return signed_sine(radians, false, work);
}

Number cosine_of(const Number& radians, Work& work) {
  // cos x = sin(90° - x), exactly, where x is a multiple of π.
  if (radians.zero() || radians.pi_multiple())
    return sine_of(subtract(Number::pi_times(Rational(1, 2)), radians, work), work);
  return signed_sine(radians, true, work);
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

#include "tools/builtin/calculator/exponential.h"

namespace troupe::tools::calculator {

namespace {

constexpr std::int64_t kExpCost = 150'000;
constexpr std::int64_t kLogCost = 300'000;

// ln(1+d) is 2·artanh(d / (2+d)): u + u³/3 + u⁵/5 + …, where u is exact.
Real log_near_one(const Rational& x) {
  const Rational slope = (x - 1) / (x + 1);
  const Real u = to_decimal<Real>(numerator(slope)) / to_decimal<Real>(denominator(slope));
  const Real square = u * u;
  static const Real kNegligible("1e-70");
  Real sum = u, power = u;
  for (int k = 3; mp::abs(power) > kNegligible * mp::abs(u); k += 2) {
    power *= square;
    sum += power / k;
  }
  return 2 * sum;
}

}  // namespace

Real exp_of(const Real& x, Work& work) {
  static const Real kLargest("1e8");
  if (x > kLargest) throw Problem{"the result is too large to be computed"};
  if (x < -kLargest) throw Problem{"the result is too close to zero to be computed"};
  work.spend(kExpCost);
  return mp::exp(x);
}

Real log_of(const Number& x, Work& work) {
  work.spend(kLogCost);
  if (x.rational()) {
    static const Rational kLow(15, 16), kHigh(17, 16);
    if (x.fraction() > kLow && x.fraction() < kHigh) return log_near_one(x.fraction());
  }
  return mp::log(x.real());
}

}  // namespace troupe::tools::calculator

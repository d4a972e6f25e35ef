#include "tools/builtin/calculator/functions.h"

#include "tools/builtin/calculator/exponential.h"
#include "tools/builtin/calculator/trigonometry.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace troupe::tools::calculator {

namespace {

using Arguments = std::span<const Number>;

constexpr int kMany = 1'000;

Number absolute(const Number& x) {
  return x.sign() < 0 ? negate(x) : x;
}

Number half() {
  return Number(Rational(1, 2));
}

// Halves go away from zero: what people expect of round(2.5).
Number round_half_away(const Number& x, Work& work) {
  const Number magnitude = floor(add(absolute(x), half(), work));
  return x.sign() < 0 ? negate(magnitude) : magnitude;
}

Number round_to(Arguments a, Setting& s) {
  if (a.size() == 1) return round_half_away(a[0], s.work);
  const long long places = a[1].to_int("the number of places");
  if (places > 1'000 || places < -1'000) throw Problem{"round takes at most 1000 places"};
  const Number scale = power(Number(10), Number(places), s.work);
  return divide(round_half_away(multiply(a[0], scale, s.work), s.work), scale, s.work);
}

Number ceiling(Arguments a, Setting&) {
  return negate(floor(negate(a[0])));
}
Number truncate(Arguments a, Setting&) {
  return a[0].sign() < 0 ? negate(floor(negate(a[0]))) : floor(a[0]);
}

void require_positive(const Number& x, const char* function) {
  if (x.sign() <= 0) throw Problem{fmt::format("{} needs a number above zero", function)};
}

// The k for which base^k is x exactly, so that floor(log10(1000)) is 3 and not 2.
bool exact_log(const Number& x, long long base, Number& result, Work& work) {
  if (!x.rational()) return false;
  Integer n = numerator(x.fraction()), d = denominator(x.fraction());
  const bool inverse = n == 1;
  if (inverse) std::swap(n, d);
  if (d != 1 || n < 1) return false;
  const std::int64_t limbs = bits(n) / 64 + 1;
  work.spend(500 + 2 * limbs * limbs);  // three powers as long as n
  const auto k = std::llround((static_cast<double>(bits(n)) - 0.5) / std::log2(static_cast<double>(base)));
  for (long long guess = std::max(0LL, k - 1); guess <= k + 1; ++guess) {
    if (mp::pow(Integer(base), static_cast<unsigned>(guess)) != n) continue;
    result = Number(inverse ? -guess : guess);
    return true;
  }
  return false;
}

Number natural_log(const Number& x, Work& work) {
  require_positive(x, "a logarithm");
  if (x.rational() && x.fraction() == 1) return Number(0);
  return Number(log_of(x, work));
}

Number log_to(const Number& x, long long base, Work& work) {
  require_positive(x, "a logarithm");
  Number exact;
  if (exact_log(x, base, exact, work)) return exact;
  return divide(natural_log(x, work), natural_log(Number(base), work), work);
}

Number logarithm(Arguments a, Setting& s) {
  if (a.size() == 1) return log_to(a[0], 10, s.work);
  require_positive(a[1], "the base of a logarithm");
  if (a[1].rational() && a[1].fraction() == 1) throw Problem{"a logarithm to base 1 is not defined"};
  if (a[1].integer() && bits(numerator(a[1].fraction())) < 32)
    return log_to(a[0], a[1].to_int("base"), s.work);
  return divide(natural_log(a[0], s.work), natural_log(a[1], s.work), s.work);
}

Number exponential(const Number& x, Work& work) {
  if (x.zero()) return Number(1);
  return Number(exp_of(x.real(), work));
}

Number total(Arguments a, Work& work) {
  Number sum(0);
  for (const Number& x : a) sum = add(sum, x, work);
  return sum;
}

Number average(Arguments a, Setting& s) {
  return divide(total(a, s.work), Number(static_cast<long long>(a.size())), s.work);
}

Number median(Arguments a, Setting& s) {
  std::vector<Number> sorted(a.begin(), a.end());
  std::sort(sorted.begin(), sorted.end(),
            [&](const Number& x, const Number& y) { return compare(x, y, s.work) < 0; });
  const std::size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[middle];
  return divide(add(sorted[middle - 1], sorted[middle], s.work), Number(2), s.work);
}

Number extreme(Arguments a, Setting& s, int wanted) {
  Number best = a[0];
  for (const Number& x : a.subspan(1))
    if (compare(x, best, s.work) == wanted) best = x;
  return best;
}

const Integer& whole(const Number& x, const char* function, Integer& storage) {
  if (!x.integer()) throw Problem{fmt::format("{} needs whole numbers", function)};
  storage = numerator(x.fraction());
  return storage;
}

Number divisors(Arguments a, Setting& s, bool greatest) {
  Integer result, next;
  result = abs(whole(a[0], greatest ? "gcd" : "lcm", next));
  for (const Number& x : a.subspan(1)) {
    whole(x, greatest ? "gcd" : "lcm", next);
    const auto limbs = static_cast<std::int64_t>((bits(result) + bits(next)) / 64 + 1);
    s.work.spend(200 + 40 * limbs * limbs);
    if (!greatest) check_bits(bits(result) + bits(next) - 1.0);
    result = greatest ? Integer(gcd(result, next)) : Integer(lcm(result, next));
  }
  return Number(Rational(result));
}

long long counted(const Number& x, const char* what) {
  const long long n = x.to_int(what);
  if (n < 0) throw Problem{fmt::format("{} must not be negative", what)};
  return n;
}

double log2_factorial(long long n) {
  return std::lgamma(static_cast<double>(n) + 1) / std::log(2.0);
}

// first·(first+step)·…, `count` factors, multiplied in halves: factors of like size multiply fast.
Integer product_of(long long first, long long count, long long step) {
  if (count > 8) {
    const long long half = count / 2;
    return product_of(first, half, step) * product_of(first + half * step, count - half, step);
  }
  Integer product = 1;
  for (long long i = 0; i < count; ++i) product *= first + i * step;
  return product;
}

// The same, paid for by the size it will have, in bits.
Integer paid_product(long long first, long long count, long long step, double bits_expected, Work& work) {
  const auto size = static_cast<std::int64_t>(bits_expected / 64) + 1;
  work.spend(500 + 100 * count + 2 * size * size);
  return product_of(first, count, step);
}

Number permutations(Arguments a, Setting& s) {
  const long long n = counted(a[0], "n"), k = counted(a[1], "r");
  if (k > n) return Number(0);
  const double expected = n < 1'000'000 ? log2_factorial(n) - log2_factorial(n - k)
                                        : static_cast<double>(k) * std::log2(static_cast<double>(n));
  check_bits(expected);
  return Number(Rational(paid_product(n - k + 1, k, 1, expected, s.work)));
}

Number combinations(Arguments a, Setting& s) {
  const long long n = counted(a[0], "n");
  long long k = counted(a[1], "r");
  if (k > n) return Number(0);
  k = std::min(k, n - k);
  if (k == 0) return Number(1);
  // C(n,k) > (n/k)^k: refuses before either product is near.
  check_bits(static_cast<double>(k) * std::log2(static_cast<double>(n) / static_cast<double>(k)));
  const double above = static_cast<double>(k) * std::log2(static_cast<double>(n));
  const Integer result =
      paid_product(n - k + 1, k, 1, above, s.work) / paid_product(1, k, 1, log2_factorial(k), s.work);
  check_bits(bits(result));
  return Number(Rational(result));
}

enum class Hyperbolic { sine, cosine, tangent };

Number hyperbolic(const Number& x, Hyperbolic which, Work& work) {
  const bool cosine = which == Hyperbolic::cosine;
  if (x.zero()) return Number(cosine ? 1 : 0);
  const Real value = x.real();
  static const Real kFlat("100"), kSmall("0.5");
  if (which == Hyperbolic::tangent && mp::abs(value) > kFlat) return Number(x.sign());  // to 80 digits
  if (!cosine && mp::abs(value) < kSmall) {  // the difference of e^x and e^-x would lose its digits
    work.spend(100'000);
    return Number(Real(which == Hyperbolic::sine ? mp::sinh(value) : mp::tanh(value)));
  }
  const Real up = exp_of(value, work), down = 1 / up;
  if (which == Hyperbolic::sine) return Number(Real((up - down) / 2));
  if (cosine) return Number(Real((up + down) / 2));
  return Number(Real((up - down) / (up + down)));
}

Number hypotenuse(Arguments a, Setting& s) {
  Number sum(0);
  for (const Number& x : a) sum = add(sum, multiply(x, x, s.work), s.work);
  return square_root(sum, s.work);
}

Number product(Arguments a, Setting& s) {
  Number result(1);
  for (const Number& x : a) result = multiply(result, x, s.work);
  return result;
}

// Lower case; aliases are lines of their own. Sorted by use, not by name: the list is what errors suggest
// from.
const Function kFunctions[] = {
    {"sqrt", 1, 1, Units::none, [](Arguments a, Setting& s) { return square_root(a[0], s.work); }},
    {"cbrt", 1, 1, Units::none, [](Arguments a, Setting& s) { return root(a[0], 3, s.work); }},
    {"root", 2, 2, Units::none,
     [](Arguments a, Setting& s) { return root(a[0], a[1].to_int("the degree"), s.work); }},
    {"abs", 1, 1, Units::kept, [](Arguments a, Setting&) { return absolute(a[0]); }},
    {"floor", 1, 1, Units::none, [](Arguments a, Setting&) { return floor(a[0]); }},
    {"ceil", 1, 1, Units::none, ceiling},
    {"ceiling", 1, 1, Units::none, ceiling},
    {"trunc", 1, 1, Units::none, truncate},
    {"int", 1, 1, Units::none, truncate},
    {"round", 1, 2, Units::none, round_to},
    {"sign", 1, 1, Units::none, [](Arguments a, Setting&) { return Number(a[0].sign()); }},
    {"exp", 1, 1, Units::none, [](Arguments a, Setting& s) { return exponential(a[0], s.work); }},
    {"ln", 1, 1, Units::none, [](Arguments a, Setting& s) { return natural_log(a[0], s.work); }},
    {"log", 1, 2, Units::none, logarithm},
    {"log2", 1, 1, Units::none, [](Arguments a, Setting& s) { return log_to(a[0], 2, s.work); }},
    {"log10", 1, 1, Units::none, [](Arguments a, Setting& s) { return log_to(a[0], 10, s.work); }},
    {"pow", 2, 2, Units::none, [](Arguments a, Setting& s) { return power(a[0], a[1], s.work); }},
    {"mod", 2, 2, Units::none, [](Arguments a, Setting& s) { return modulo(a[0], a[1], s.work); }},
    {"min", 1, kMany, Units::kept, [](Arguments a, Setting& s) { return extreme(a, s, -1); }},
    {"max", 1, kMany, Units::kept, [](Arguments a, Setting& s) { return extreme(a, s, 1); }},
    {"sum", 1, kMany, Units::kept, [](Arguments a, Setting& s) { return total(a, s.work); }},
    {"avg", 1, kMany, Units::kept, average},
    {"average", 1, kMany, Units::kept, average},
    {"mean", 1, kMany, Units::kept, average},
    {"median", 1, kMany, Units::kept, median},
    {"product", 1, kMany, Units::none, product},
    {"gcd", 1, kMany, Units::none, [](Arguments a, Setting& s) { return divisors(a, s, true); }},
    {"lcm", 1, kMany, Units::none, [](Arguments a, Setting& s) { return divisors(a, s, false); }},
    {"factorial", 1, 1, Units::none, [](Arguments a, Setting& s) { return factorial(a[0], s.work); }},
    {"fact", 1, 1, Units::none, [](Arguments a, Setting& s) { return factorial(a[0], s.work); }},
    {"ncr", 2, 2, Units::none, combinations},
    {"comb", 2, 2, Units::none, combinations},
    {"choose", 2, 2, Units::none, combinations},
    {"npr", 2, 2, Units::none, permutations},
    {"perm", 2, 2, Units::none, permutations},
    {"sin", 1, 1, Units::angle, sine},
    {"cos", 1, 1, Units::angle, cosine},
    {"tan", 1, 1, Units::angle, tangent},
    {"asin", 1, 1, Units::none, arc_sine},
    {"arcsin", 1, 1, Units::none, arc_sine},
    {"acos", 1, 1, Units::none, arc_cosine},
    {"arccos", 1, 1, Units::none, arc_cosine},
    {"atan", 1, 1, Units::none, arc_tangent},
    {"arctan", 1, 1, Units::none, arc_tangent},
    {"atan2", 2, 2, Units::none, arc_tangent2},
    {"sinh", 1, 1, Units::none,
     [](Arguments a, Setting& s) { return hyperbolic(a[0], Hyperbolic::sine, s.work); }},
    {"cosh", 1, 1, Units::none,
     [](Arguments a, Setting& s) { return hyperbolic(a[0], Hyperbolic::cosine, s.work); }},
    {"tanh", 1, 1, Units::none,
     [](Arguments a, Setting& s) { return hyperbolic(a[0], Hyperbolic::tangent, s.work); }},
    {"degrees", 1, 1, Units::none, to_degrees},
    {"radians", 1, 1, Units::none, to_radians},
    {"hypot", 1, kMany, Units::none, hypotenuse},
};

}  // namespace

const Function* find_function(std::string_view name) {
  const auto* found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                   [&](const Function& f) { return f.name == name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const Function& f : kFunctions) names.emplace_back(f.name);
  return names;
}

Number square_root(const Number& x, Work& work) {
  return root(x, 2, work);
}

Number factorial(const Number& n, Work& work) {
  const long long count = counted(n, "the number before !");
  const double expected = log2_factorial(count);
  check_bits(expected);
  return Number(Rational(paid_product(1, count, 1, expected, work)));
}

Number double_factorial(const Number& n, Work& work) {
  const long long count = counted(n, "the number before !!");
  const double expected = log2_factorial(count) / 2;
  check_bits(expected);
  return Number(Rational(paid_product(count % 2 == 0 ? 2 : 1, (count + 1) / 2, 2, expected, work)));
}

}  // namespace troupe::tools::calculator

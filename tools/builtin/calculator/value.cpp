#include "tools/builtin/calculator/value.h"

#include <fmt/format.h>

namespace troupe::tools::calculator {

namespace {

constexpr long long kUnitPowerMax = 20;

void require_alike(const Value& left, const Value& right, std::string_view cannot) {
  if (left.truth || right.truth) throw Problem{"a comparison has no value to go on with"};
  if (left.dimension != right.dimension)
    throw Problem{
        fmt::format("{} and {} cannot be {}", describe(left.dimension), describe(right.dimension), cannot)};
  require_no_scale(left);
  require_no_scale(right);
}

void require_numbers(const Value& left, const Value& right) {
  if (left.truth || right.truth) throw Problem{"a comparison has no value to go on with"};
  require_no_scale(left);
  require_no_scale(right);
}

}  // namespace

Value plain_value(Number number) {
  Value value;
  value.number = std::move(number);
  return value;
}

void require_plain(const Value& value, std::string_view what) {
  if (value.truth) throw Problem{fmt::format("{} takes numbers, not a comparison", what)};
  if (value.dimension == kPlain) return;
  throw Problem{fmt::format("{} takes a plain number, not {}", what, describe(value.dimension))};
}

void require_no_scale(const Value& value) {
  if (value.shown && value.shown->scale())
    throw Problem{"temperatures on a scale can only be converted, e.g. 32 F in C"};
}

Value add(Value left, Value right, bool subtract, Work& work) {
  require_alike(left, right, "added");
  // 200 + 10% is 220; 50% + 10% is 60%.
  if (right.percent && !left.percent) right.number = multiply(left.number, right.number, work);
  left.percent = left.percent && right.percent;
  left.number =
      subtract ? calculator::subtract(left.number, right.number, work) : add(left.number, right.number, work);
  if (!left.shown) left.shown = std::move(right.shown);
  left.form = Value::Form::decimal;
  return left;
}

Value multiply(const Value& left, const Value& right, Work& work) {
  require_numbers(left, right);
  Value result;
  result.number = multiply(left.number, right.number, work);
  result.dimension = combine(left.dimension, right.dimension, 1);
  if (right.dimension == kPlain) result.shown = left.shown;
  if (left.dimension == kPlain) result.shown = right.shown;
  return result;
}

Value divide(const Value& left, const Value& right, Work& work) {
  require_numbers(left, right);
  Value result;
  result.number = divide(left.number, right.number, work);
  result.dimension = combine(left.dimension, right.dimension, -1);
  if (right.dimension == kPlain) result.shown = left.shown;
  return result;
}

Value power(const Value& left, const Value& right, Work& work) {
  require_numbers(left, right);
  require_plain(right, "an exponent");
  Value result;
  if (left.dimension != kPlain) {
    const long long exponent = right.number.to_int("the power of a unit");
    if (exponent > kUnitPowerMax || exponent < -kUnitPowerMax)
      throw Problem{"the power of a unit is too large"};
    result.dimension = raise(left.dimension, static_cast<int>(exponent));
  }
  result.number = power(left.number, right.number, work);
  return result;
}

Value as_percent(Value value, Work& work) {
  require_plain(value, "%");
  value.number = divide(value.number, Number(100), work);
  value.percent = true;
  value.form = Value::Form::decimal;
  return value;
}

Value compare(const Value& left, const Value& right, Relation relation, Work& work) {
  require_alike(left, right, "compared");
  const int order = compare(left.number, right.number, work);
  Value result;
  switch (relation) {
    case Relation::equal:
      result.truth = order == 0;
      break;
    case Relation::not_equal:
      result.truth = order != 0;
      break;
    case Relation::less:
      result.truth = order < 0;
      break;
    case Relation::less_equal:
      result.truth = order <= 0;
      break;
    case Relation::greater:
      result.truth = order > 0;
      break;
    case Relation::greater_equal:
      result.truth = order >= 0;
      break;
  }
  return result;
}

}  // namespace troupe::tools::calculator

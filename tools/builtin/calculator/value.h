#pragma once

#include "tools/builtin/calculator/number.h"
#include "tools/builtin/calculator/units.h"

#include <optional>
#include <string_view>

namespace troupe::tools::calculator {

/// What an expression, or a part of it, is worth: a number with a unit, or the answer of a comparison.
struct Value {
  Number number;  ///< in base units; of a temperature: on the scale `shown`, until it is converted
  Dimension dimension = kPlain;
  std::optional<Unit> shown;  ///< what the result is shown in; base units otherwise
  bool percent = false;       ///< written as `10%`: a + 10% adds ten percent of a
  std::optional<bool> truth;  ///< a comparison
  enum class Form { decimal, hex, binary, octal, fraction, percent, scientific };
  Form form = Form::decimal;
};

Value plain_value(Number number);

/// Arithmetic on values. Throws Problem, without an offset, on units that do not go together and as the
/// arithmetic on numbers does.
Value add(Value left, Value right, bool subtract, Work& work);
Value multiply(const Value& left, const Value& right, Work& work);
Value divide(const Value& left, const Value& right, Work& work);
Value power(const Value& left, const Value& right, Work& work);
Value as_percent(Value value, Work& work);

enum class Relation { equal, not_equal, less, less_equal, greater, greater_equal };
Value compare(const Value& left, const Value& right, Relation relation, Work& work);

/// Throws Problem unless the value is a number without a unit; `what` begins the message.
void require_plain(const Value& value, std::string_view what);
/// Throws Problem for a temperature on a scale: 20 °C + 5 °C means nothing.
void require_no_scale(const Value& value);

}  // namespace troupe::tools::calculator

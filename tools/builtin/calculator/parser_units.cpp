// Units in an expression: behind a number, and as the target of a conversion.
#include "tools/builtin/calculator/format.h"
#include "tools/builtin/calculator/parser.h"
#include "tools/builtin/calculator/words.h"

#include <fmt/format.h>

namespace troupe::tools::calculator {

// "°C", "km", "m^2": one unit with its power.
Unit Parser::unit_factor() {
  const Token token = take();
  std::string name = token.symbol == Symbol::degree ? "°" : token.name;
  if (token.symbol == Symbol::degree && !token_.blank_before && (token_.name == "C" || token_.name == "F"))
    name += take().name;
  auto unit = find_unit(name == "in" || name == "In" ? "inch" : name);
  if (!unit) unknown_name(token);
  Token exponent = token_;
  if (exponent.symbol == Symbol::power && after_next().symbol == Symbol::number) {
    advance();
    exponent = token_;
  } else if (exponent.symbol != Symbol::superscript) {
    return *unit;
  }
  advance();
  if (unit->scale()) throw Problem{"a temperature scale has no powers", exponent.offset};
  return at(exponent.offset, [&] {
    const long long n = exponent.value.to_int("the power of a unit");
    if (n > 20 || n < -20) throw Problem{"the power of a unit is too large"};
    unit->label += fmt::format("^{}", n);
    unit->dimension = raise(unit->dimension, static_cast<int>(n));
    unit->factor = power(unit->factor, exponent.value, setting_.work);
    return *unit;
  });
}

// After in/to/as: "km/h", "kg m^2/s^2".
Unit Parser::unit_expression() {
  const std::size_t start = token_.offset;
  Unit unit = unit_factor();
  for (;;) {
    const bool over = token_.symbol == Symbol::divide || is_word(token_, "per");
    if (!over && token_.symbol != Symbol::times) break;
    advance();
    if (token_.symbol != Symbol::name && token_.symbol != Symbol::degree) unexpected(token_);
    const Unit factor = unit_factor();
    if (factor.scale() || unit.scale())
      throw Problem{"a temperature scale cannot be part of another unit", start};
    unit.dimension = combine(unit.dimension, factor.dimension, over ? -1 : 1);
    unit.factor = at(start, [&] {
      return over ? divide(unit.factor, factor.factor, setting_.work)
                  : multiply(unit.factor, factor.factor, setting_.work);
    });
    unit.label += (over ? "/" : "·") + factor.label;
  }
  return unit;
}

Value Parser::with_unit(Value left) {
  const Token token = token_;
  if (left.dimension != kPlain) {
    if (token.symbol == Symbol::name && !find_unit(token.name) && !is_word(token, "in")) unknown_name(token);
    throw Problem{fmt::format("{} has a unit already", describe(left.dimension)), token.offset};
  }
  Unit unit = unit_factor();
  Work& work = setting_.work;
  left.number = at(token.offset, [&] { return multiply(left.number, unit.factor, work); });
  left.dimension = unit.dimension;
  left.percent = false;
  left.shown = std::move(unit);
  // 5 ft 6 in, 1 h 30 min: a smaller unit of the same kind adds up.
  while (token_.symbol == Symbol::number) {
    const Token number = take();
    if (token_.symbol != Symbol::name && token_.symbol != Symbol::degree) unexpected(number);
    const Unit next = unit_factor();
    if (next.dimension != left.dimension || next.scale())
      throw Problem{fmt::format("{} follows {} without an operator", describe(next.dimension),
                                describe(left.dimension)),
                    number.offset};
    left.number =
        at(number.offset, [&] { return add(left.number, multiply(number.value, next.factor, work), work); });
  }
  return left;
}

Value Parser::convert(Value left) {
  const Token word = take();
  if (token_.symbol != Symbol::name && token_.symbol != Symbol::degree && token_.symbol != Symbol::percent)
    throw Problem{fmt::format("a unit or a form (hex, binary, fraction…) is expected after `{}`", word.name),
                  token_.offset};
  const auto form =
      token_.symbol == Symbol::percent ? std::optional(Value::Form::percent) : form_named(lower(token_.name));
  if (form) {
    plain(left, fmt::format("`{} {}`", word.name, shown(token_)), word.offset);
    advance();
    left.form = *form;
    at(word.offset, [&] { check_form(left); });
    return left;
  }
  Unit target = unit_expression();
  if (left.dimension != target.dimension) {
    if (left.dimension == kPlain)
      throw Problem{fmt::format("a plain number cannot be converted to {}; give it a unit", target.label),
                    word.offset};
    throw Problem{fmt::format("{} cannot be converted to {}", describe(left.dimension), target.label),
                  word.offset};
  }
  // From one zero point to the other: base units of what is shown now, above absolute zero.
  const Number from = left.shown ? left.shown->zero : Number(0);
  Work& work = setting_.work;
  left.number = at(word.offset, [&] { return subtract(add(left.number, from, work), target.zero, work); });
  left.shown = std::move(target);
  return left;
}

}  // namespace troupe::tools::calculator

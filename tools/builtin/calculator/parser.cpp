#include "tools/builtin/calculator/parser.h"

#include "runtime/base/suggest.h"
#include "tools/builtin/calculator/words.h"

#include <fmt/format.h>

namespace troupe::tools::calculator {

namespace {

enum Binding {
  kConvert = 1,
  kCompare = 2,
  kSum = 10,
  kProduct = 20,
  kUnary = 30,
  kUnit = 35,
  kPower = 40,
  kPostfix = 50
};

Relation relation_of(Symbol symbol) {
  switch (symbol) {
    case Symbol::equal:
      return Relation::equal;
    case Symbol::not_equal:
      return Relation::not_equal;
    case Symbol::less:
      return Relation::less;
    case Symbol::less_equal:
      return Relation::less_equal;
    case Symbol::greater:
      return Relation::greater;
    default:
      return Relation::greater_equal;
  }
}

}  // namespace

Parser::Parser(std::string_view text, Setting setting) : lexer_(text, setting.work), setting_(setting) {
  advance();
}

void Parser::advance() {
  token_ = lexer_.next(comma_separates_);
}

Token Parser::take() {
  Token token = std::move(token_);
  advance();
  return token;
}

Token Parser::after_next() const {
  Lexer ahead = lexer_;
  return ahead.next(comma_separates_);
}

bool Parser::is_word(const Token& token, std::string_view word) const {
  return token.symbol == Symbol::name && lower(token.name) == word;
}

std::string Parser::shown(const Token& token) const {
  if (token.symbol == Symbol::end) return "the end";
  return fmt::format("`{}`", lexer_.text().substr(token.offset, token.length));
}

void Parser::plain(const Value& value, std::string_view what, std::size_t offset) const {
  at(offset, [&] { require_plain(value, what); });
}

void Parser::unexpected(const Token& token) const {
  if (token.symbol == Symbol::end)
    throw Problem{"the expression ends where a number is expected", token.offset};
  if (token.symbol == Symbol::comma)
    throw Problem{"a comma outside a function's parentheses (a decimal point is `.`; thousands are 1,234)",
                  token.offset};
  throw Problem{fmt::format("{} is not expected here", shown(token)), token.offset};
}

void Parser::unknown_name(const Token& token) const {
  std::vector<std::string> known = function_names();
  for (const char* name : {"pi", "tau", "phi", "mod", "plus", "minus", "times"}) known.emplace_back(name);
  for (std::string& name : unit_names())
    if (name.size() > 2) known.push_back(std::move(name));
  std::string suggestion = did_you_mean(lower(token.name), known);
  if (suggestion.empty())
    suggestion = ": there are no variables; write numbers, operators, functions and units";
  throw Problem{fmt::format("`{}` is not known{}", token.name, suggestion), token.offset};
}

Value Parser::run() {
  Value value = expression(0);
  // "2 + 2 =" asks for the value.
  if (token_.symbol == Symbol::equal && after_next().symbol == Symbol::end) advance();
  if (token_.symbol == Symbol::close) throw Problem{"`)` without `(`", token_.offset};
  if (token_.symbol != Symbol::end) unexpected(token_);
  return value;
}

bool Parser::begins_operand(const Token& token) const {
  switch (token.symbol) {
    case Symbol::number:
    case Symbol::open:
    case Symbol::root:
    case Symbol::cube_root:
      return true;
    case Symbol::name:
      if (word_operator(token) || is_converter(token)) return false;
      return find_function(lower(token.name)) || constant(token.name) || find_unit(token.name);
    default:
      return false;
  }
}

Parser::Infix Parser::infix_of(const Token& token) const {
  switch (token.symbol) {
    case Symbol::plus:
      return {Operator::add, kSum};
    case Symbol::minus:
      return {Operator::subtract, kSum};
    case Symbol::times:
      return {Operator::multiply, kProduct};
    case Symbol::divide:
      return {Operator::divide, kProduct};
    case Symbol::floor_divide:
      return {Operator::floor_divide, kProduct};
    case Symbol::percent:
      return {Operator::percent, kPostfix};
    case Symbol::power:
      return {Operator::power, kPower};
    case Symbol::superscript:
      return {Operator::superscript, kPostfix};
    case Symbol::bang:
      return {Operator::factorial, kPostfix};
    case Symbol::double_bang:
      return {Operator::double_factorial, kPostfix};
    case Symbol::degree:
      return {Operator::unit, kUnit};
    case Symbol::equal:
      if (after_next().symbol == Symbol::end) return {};
      return {Operator::compare, kCompare};
    case Symbol::not_equal:
    case Symbol::less:
    case Symbol::less_equal:
    case Symbol::greater:
    case Symbol::greater_equal:
      return {Operator::compare, kCompare};
    case Symbol::number:
    case Symbol::open:
    case Symbol::root:
    case Symbol::cube_root:
      return {Operator::juxtapose, kProduct};
    case Symbol::name:
      return infix_of_name(token);
    default:
      return {};
  }
}

Parser::Infix Parser::infix_of_name(const Token& token) const {
  if (token.name == "의") return {Operator::possessive, kPostfix};
  if (word_power(token)) return {Operator::power_word, kPostfix};
  if (is_percent_word(token)) return {Operator::percent_word, kPostfix};
  if (is_word(token, "in")) {
    // An inch when a conversion, a sum or the end follows, "5 in in cm"; else the conversion itself.
    const Token next = after_next();
    const bool inch = is_converter(next) || next.symbol == Symbol::end || next.symbol == Symbol::close ||
                      next.symbol == Symbol::plus || next.symbol == Symbol::minus;
    return inch ? Infix{Operator::unit, kUnit} : Infix{Operator::convert, kConvert};
  }
  if (is_converter(token)) return {Operator::convert, kConvert};
  if (const auto symbol = word_operator(token)) {
    switch (*symbol) {
      case Symbol::plus:
        return {Operator::add, kSum};
      case Symbol::minus:
        return {Operator::subtract, kSum};
      case Symbol::divide:
        return {Operator::divide, kProduct};
      case Symbol::floor_divide:
        return {Operator::floor_divide, kProduct};
      case Symbol::percent:
        return {Operator::modulo, kProduct};
      default:
        return {Operator::multiply, kProduct};
    }
  }
  if (is_word(token, "divided") || is_word(token, "multiplied")) return {Operator::by_words, kProduct};
  if (constant(token.name) || find_function(lower(token.name))) {
    // 5 min is five minutes, 5 min(1, 2) five times the smaller.
    const bool is_unit = find_unit(token.name) && after_next().symbol != Symbol::open;
    if (!is_unit) return {Operator::juxtapose, kProduct};
  }
  return {Operator::unit, kUnit};  // or an unknown name, which with_unit() reports
}

Value Parser::expression(int binding) {
  if (++depth_ > kDepthMax)
    throw Problem{fmt::format("nested deeper than {} levels", kDepthMax), token_.offset};
  Value left = prefix();
  for (;;) {
    const Infix next = infix_of(token_);
    if (next.binding <= binding) break;
    if (left.truth) throw Problem{"a comparison has no value to go on with", token_.offset};
    left = infix(std::move(left), next.op);
  }
  --depth_;
  return left;
}

Value Parser::prefix() {
  const Token token = token_;
  switch (token.symbol) {
    case Symbol::number:
      advance();
      if (token_.symbol == Symbol::number)
        throw Problem{fmt::format("two numbers without an operator: {} {}", shown(token), shown(token_)),
                      token_.offset};
      return plain_value(token.value);
    case Symbol::plus:
      advance();
      return expression(kUnary);
    case Symbol::minus: {
      advance();
      Value value = expression(kUnary);
      if (value.truth) throw Problem{"a comparison cannot be negated", token.offset};
      value.number = negate(value.number);
      return value;
    }
    case Symbol::open:
      return grouped();
    case Symbol::root:
    case Symbol::cube_root: {
      advance();
      const Value value = expression(kUnary);
      plain(value, "a root", token.offset);
      const int degree = token.symbol == Symbol::root ? 2 : 3;
      return plain_value(at(token.offset, [&] { return root(value.number, degree, setting_.work); }));
    }
    case Symbol::name:
      return named();
    default:
      unexpected(token);
  }
}

Value Parser::grouped() {
  const Token open = token_;
  const bool outer = std::exchange(comma_separates_, false);
  advance();
  Value value = expression(0);
  if (token_.symbol == Symbol::end) throw Problem{"`(` is never closed", open.offset};
  if (token_.symbol != Symbol::close) unexpected(token_);
  comma_separates_ = outer;
  advance();
  value.percent = false;  // (10%) is a number
  return value;
}

Value Parser::named() {
  const Token token = token_;
  if (const Function* function = find_function(lower(token.name)))
    if (after_next().symbol == Symbol::open || !find_unit(token.name)) return function_call(*function, token);
  if (const auto value = constant(token.name)) {
    advance();
    return plain_value(*value);
  }
  const auto unit = find_unit(token.name);
  if (!unit) unknown_name(token);
  if (unit->scale()) throw Problem{fmt::format("{} needs a number before it", shown(token)), token.offset};
  Unit found = unit_factor();
  Value value = plain_value(found.factor);
  value.dimension = found.dimension;
  value.shown = std::move(found);
  return value;
}

Value Parser::function_call(const Function& function, const Token& name) {
  if (after_next().symbol == Symbol::open) {
    advance();
    return call(function, name, arguments(name));
  }
  advance();
  if (function.arity_min > 1) throw Problem{fmt::format("{} needs parentheses", shown(name)), name.offset};
  std::vector<Value> values;
  values.push_back(expression(kUnary));
  // sin 2π could be either product; better asked than guessed.
  if (infix_of(token_).op == Operator::juxtapose)
    throw Problem{fmt::format("write {0}(…) with parentheses: what belongs to {0} is not clear", name.name),
                  token_.offset};
  return call(function, name, std::move(values));
}

std::vector<Value> Parser::arguments(const Token& name) {
  std::vector<Value> values;
  const Token open = token_;
  const bool outer = std::exchange(comma_separates_, true);
  advance();
  while (token_.symbol != Symbol::close) {
    values.push_back(expression(0));
    if (token_.symbol == Symbol::comma) {
      advance();
      if (token_.symbol == Symbol::close) unexpected(token_);
    } else if (token_.symbol == Symbol::end) {
      throw Problem{fmt::format("the parentheses of {} are never closed", shown(name)), open.offset};
    } else if (token_.symbol != Symbol::close) {
      unexpected(token_);
    }
  }
  comma_separates_ = outer;
  advance();
  return values;
}

namespace {

std::string arity_text(const Function& function) {
  if (function.arity_min == function.arity_max)
    return fmt::format("{} argument{}", function.arity_min, function.arity_min == 1 ? "" : "s");
  if (function.arity_max > 2) return fmt::format("at least {} argument", function.arity_min);
  return fmt::format("{} or {} arguments", function.arity_min, function.arity_max);
}

void check_units(const Function& function, const Value& value, const Value& first) {
  if (value.truth) throw Problem{fmt::format("{} takes numbers, not a comparison", function.name)};
  if (function.units == Units::angle && value.dimension == kAngle) return;
  if (function.units != Units::kept) return require_plain(value, function.name);
  require_no_scale(value);
  if (value.dimension != first.dimension)
    throw Problem{fmt::format("{} mixes {} and {}", function.name, describe(first.dimension),
                              describe(value.dimension))};
}

}  // namespace

Value Parser::call(const Function& function, const Token& name, std::vector<Value> values) {
  const int count = static_cast<int>(values.size());
  if (count < function.arity_min || count > function.arity_max)
    throw Problem{
        fmt::format(
            "{} takes {}, got {} (inside a function a comma separates arguments: write 1234, not 1,234)",
            function.name, arity_text(function), count),
        name.offset};
  return at(name.offset, [&] {
    std::vector<Number> numbers;
    for (const Value& value : values) {
      check_units(function, value, values.front());
      numbers.push_back(value.number);
    }
    // An angle with a unit is in radians whatever a plain number means.
    Setting setting = setting_;
    if (values.front().dimension == kAngle) setting.angle = Angle::radians;
    Value result = plain_value(function.apply(numbers, setting));
    if (function.units == Units::kept) {
      result.dimension = values.front().dimension;
      result.shown = values.front().shown;
    }
    return result;
  });
}

Value Parser::infix(Value left, Operator op) {
  Work& work = setting_.work;
  switch (op) {
    case Operator::convert:
      return convert(std::move(left));
    case Operator::unit:
      return with_unit(std::move(left));
    case Operator::percent:
      return percent_or_modulo(std::move(left));
    case Operator::possessive:
      return possessive(std::move(left));
    case Operator::juxtapose:
      return juxtaposed(std::move(left));
    case Operator::percent_word: {
      const Token token = take();
      return at(token.offset, [&] { return as_percent(std::move(left), work); });
    }
    case Operator::superscript: {
      const Token token = take();
      return at(token.offset, [&] { return power(left, plain_value(token.value), work); });
    }
    case Operator::power_word: {
      const Token token = take();
      return at(token.offset, [&] { return power(left, plain_value(*word_power(token)), work); });
    }
    case Operator::factorial:
    case Operator::double_factorial: {
      const Token token = take();
      plain(left, "a factorial", token.offset);
      return plain_value(at(token.offset, [&] {
        return op == Operator::factorial ? factorial(left.number, work) : double_factorial(left.number, work);
      }));
    }
    default:
      return binary(std::move(left), op);
  }
}

Value Parser::binary(Value left, Operator op) {
  Work& work = setting_.work;
  const Token token = take();
  switch (op) {
    case Operator::add:
    case Operator::subtract: {
      Value right = expression(kSum);
      return at(token.offset,
                [&] { return add(std::move(left), std::move(right), op == Operator::subtract, work); });
    }
    case Operator::power: {
      const Value right = expression(kPower - 1);  // right to left
      return at(token.offset, [&] { return power(left, right, work); });
    }
    case Operator::compare: {
      const Value right = expression(kCompare);
      return at(token.offset, [&] { return compare(left, right, relation_of(token.symbol), work); });
    }
    case Operator::by_words:
      if (!is_word(token_, "by")) unexpected(token_);
      advance();
      op = is_word(token, "divided") ? Operator::divide : Operator::multiply;
      break;
    default:
      break;
  }
  const Value right = expression(kProduct);
  return at(token.offset, [&] {
    if (op == Operator::multiply) return multiply(left, right, work);
    if (op == Operator::divide) return divide(left, right, work);
    require_plain(left, "a division with remainder");
    require_plain(right, "a division with remainder");
    return plain_value(op == Operator::modulo ? modulo(left.number, right.number, work)
                                              : floor_divide(left.number, right.number, work));
  });
}

// `17 % 5` divides, `10%` does not: an operand right behind makes it a modulo.
Value Parser::percent_or_modulo(Value left) {
  const Token token = take();
  const bool operand = begins_operand(token_) && !(token_.symbol == Symbol::name && find_unit(token_.name));
  if (!operand) return at(token.offset, [&] { return as_percent(std::move(left), setting_.work); });
  const Value right = expression(kProduct);
  plain(left, "modulo", token.offset);
  plain(right, "modulo", token.offset);
  return plain_value(at(token.offset, [&] { return modulo(left.number, right.number, setting_.work); }));
}

// 2의 200제곱 is 2^200, 16의 제곱근 is √16, 200의 10% is a tenth of it.
Value Parser::possessive(Value left) {
  Work& work = setting_.work;
  const Token token = take();
  if (token_.name == "제곱근") {
    advance();
    plain(left, "a root", token.offset);
    return plain_value(at(token.offset, [&] { return root(left.number, 2, work); }));
  }
  if (word_power(token_)) return left;  // the word itself is the operator
  if (token_.symbol == Symbol::number && after_next().name == "제곱") {
    const Token exponent = take();
    advance();
    return at(token.offset, [&] { return power(left, plain_value(exponent.value), work); });
  }
  const Value right = expression(kProduct);
  return at(token.offset, [&] { return multiply(left, right, work); });
}

// 3(4), 2π, 2 sqrt(9): a product without a sign.
Value Parser::juxtaposed(Value left) {
  const Token token = token_;
  if (token.symbol == Symbol::number)
    throw Problem{fmt::format("{} follows without an operator", shown(token)), token.offset};
  const Value right = expression(kProduct);
  return at(token.offset, [&] { return multiply(left, right, setting_.work); });
}

}  // namespace troupe::tools::calculator

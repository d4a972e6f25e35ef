#pragma once

#include "tools/builtin/calculator/functions.h"
#include "tools/builtin/calculator/lexer.h"
#include "tools/builtin/calculator/units.h"
#include "tools/builtin/calculator/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools::calculator {

inline constexpr int kDepthMax = 64;

/// A Pratt parser that evaluates as it reads: there is no tree, so nothing outlives its bounds. Precedence,
/// from loose to tight: in/to/as · comparisons · + − · × ÷ // % mod of and juxtaposition (left to right) ·
/// unary minus · units · ^ (right to left) · ! % ². Throws Problem.
class Parser {
 public:
  Parser(std::string_view text, Setting setting);
  Value run();

 private:
  /// What a token does behind an operand, and how tightly it binds.
  enum class Operator {
    none,
    convert,
    compare,
    add,
    subtract,
    multiply,
    divide,
    by_words,
    floor_divide,
    modulo,
    juxtapose,
    unit,
    power,
    superscript,
    power_word,
    percent,
    percent_word,
    factorial,
    double_factorial,
    possessive,
  };
  struct Infix {
    Operator op = Operator::none;
    int binding = 0;
  };
  Infix infix_of(const Token& token) const;
  Infix infix_of_name(const Token& token) const;

  // parser.cpp
  Value expression(int binding);
  Value prefix();
  Value grouped();
  Value named();
  Value function_call(const Function& function, const Token& name);
  std::vector<Value> arguments(const Token& name);
  Value call(const Function& function, const Token& name, std::vector<Value> values);
  Value infix(Value left, Operator op);
  Value binary(Value left, Operator op);
  Value divided(Value left, Operator op);
  Value percent_or_modulo(Value left);
  Value possessive(Value left);
  Value juxtaposed(Value left);
  bool begins_operand(const Token& token) const;

  // parser_units.cpp
  Unit unit_factor();
  Unit unit_expression();
  Value with_unit(Value left);
  Value convert(Value left);

  void advance();
  Token take();
  Token after_next() const;
  bool is_word(const Token& token, std::string_view word) const;
  std::string shown(const Token& token) const;
  void plain(const Value& value, std::string_view what, std::size_t offset) const;
  [[noreturn]] void unknown_name(const Token& token) const;
  [[noreturn]] void unexpected(const Token& token) const;

  Lexer lexer_;
  Setting setting_;
  Token token_;                   // the next one, not consumed yet
  bool comma_separates_ = false;  // inside a function's parentheses
  int depth_ = 0;
};

/// Puts an offset to a Problem that arithmetic throws without one.
template <class Compute>
auto at(std::size_t offset, Compute compute) {
  try {
    return compute();
  } catch (Problem& problem) {
    if (problem.offset == Problem::kNowhere) problem.offset = offset;
    throw;
  }
}

}  // namespace troupe::tools::calculator

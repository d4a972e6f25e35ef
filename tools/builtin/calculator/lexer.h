#pragma once

#include "tools/builtin/calculator/number.h"

#include <string>
#include <string_view>

namespace troupe::tools::calculator {

enum class Symbol {
  end,
  number,
  name,
  plus,
  minus,
  times,
  divide,
  floor_divide,
  percent,
  power,
  superscript,
  bang,
  double_bang,
  root,
  cube_root,
  open,
  close,
  comma,
  degree,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
};

struct Token {
  Symbol symbol = Symbol::end;
  std::size_t offset = 0;  ///< in bytes of the expression
  std::size_t length = 0;
  Number value;      ///< number; superscript: the exponent
  std::string name;  ///< name, as written (full-width letters made ASCII)
  bool blank_before = false;
};

/// Cuts an expression into tokens, one at a time. Understands what people and models type: Unicode operators
/// (× ÷ − √ · ²), full-width forms, thousands separators, 0x/0b/0o, vulgar fractions. A value type: a copy
/// looks ahead. Throws Problem at what it cannot read.
class Lexer {
 public:
  /// `work` pays for long numbers; it outlives the lexer and its copies.
  Lexer(std::string_view text, Work& work) : text_(text), work_(&work) {}

  /// `comma_separates`: inside a function's parentheses 1,234 is two arguments; elsewhere it is 1234.
  Token next(bool comma_separates);
  std::string_view text() const { return text_; }

 private:
  char32_t peek(std::size_t* length) const;
  char peek_ascii(std::size_t ahead) const;
  bool skip_blanks();
  Token number(bool comma_separates);
  Token prefixed_number(int base);
  Token name();
  Token superscript();
  Token symbol(char32_t c, std::size_t length);
  std::string digits();
  [[noreturn]] void fail(std::string text, std::size_t offset) const;

  std::string_view text_;
  Work* work_;
  std::size_t at_ = 0;
};

}  // namespace troupe::tools::calculator

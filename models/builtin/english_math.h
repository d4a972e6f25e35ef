#pragma once

#include "models/builtin/math_parser.h"

namespace troupe::models::builtin {

/// Reads a calculation in English or in symbols. One use: construct, then read().
class EnglishMath : public MathParser {
 public:
  EnglishMath(std::vector<MathToken> tokens, std::optional<std::string_view> previous);

  /// The whole sentence, or nothing.
  Parsed read();

 private:
  // sentences
  Parsed chain();
  Parsed statement(const Formula* before);
  Parsed command(const Formula* before);
  Parsed apply_operator(const Formula& left);
  Parsed percent_question();
  Parsed percent_change();
  bool separator();

  // expressions, loosest first
  Parsed sum(bool in_list = false);
  Parsed product();
  Parsed unary();
  Parsed power();
  Parsed postfix();
  Parsed percentage(const Formula& rate);
  Parsed primary();
  Parsed word_primary();
  Parsed call(std::string_view function);
  Parsed fraction(const Formula& numerator);
  Parsed range_sum();
  std::vector<Formula> list();
  Parsed fold(std::string_view how, const std::vector<Formula>& values);

  bool is_operator(std::size_t ahead = 0) const;
};

}  // namespace troupe::models::builtin

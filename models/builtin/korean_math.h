#pragma once

#include "models/builtin/math_parser.h"

namespace troupe::models::builtin {

/// Reads a calculation in simple Korean: infix words (3 더하기 4), verbs after their operands (100을 7로
/// 나누면), nouns (3과 4의 합), powers (2의 200제곱) and what English writes with symbols. One use.
class KoreanMath : public MathParser {
 public:
  KoreanMath(std::vector<MathToken> tokens, std::optional<std::string_view> previous);

  /// The whole sentence, or nothing.
  Parsed read();

 private:
  struct Operand {
    Formula value;
    std::string_view particle;  ///< "": none
  };

  void merge_numbers();

  // expressions
  Parsed sum();
  Parsed product();
  Parsed factor();
  Parsed suffixes(Parsed value);
  Parsed after_of(const Formula& value);
  Parsed primary();

  // what verbs and nouns do with the operands before them
  bool reduce(std::string_view how);
  bool reduce_pair(std::string_view how);
  bool reduce_range();
  bool reduce_last(std::string_view how);

  bool understood_ = true;
  std::vector<Operand> operands_;
  std::vector<Formula> division_;  ///< the operands of the last division, for 몫 and 나머지
};

}  // namespace troupe::models::builtin

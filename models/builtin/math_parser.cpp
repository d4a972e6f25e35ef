#include "models/builtin/math_parser.h"

#include <array>
#include <utility>

namespace troupe::models::builtin {

std::string_view MathParser::function_name(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 36> kFunctions{{
      {"sqrt", "sqrt"},    {"cbrt", "cbrt"},      {"sin", "sin"},      {"sine", "sin"},
      {"cos", "cos"},      {"cosine", "cos"},     {"tan", "tan"},      {"tangent", "tan"},
      {"asin", "asin"},    {"arcsin", "asin"},    {"arcsine", "asin"}, {"acos", "acos"},
      {"arccos", "acos"},  {"arccosine", "acos"}, {"atan", "atan"},    {"arctan", "atan"},
      {"sinh", "sinh"},    {"cosh", "cosh"},      {"tanh", "tanh"},    {"ln", "ln"},
      {"log", "log"},      {"logarithm", "log"},  {"log2", "log2"},    {"log10", "log10"},
      {"exp", "exp"},      {"abs", "abs"},        {"floor", "floor"},  {"ceil", "ceil"},
      {"ceiling", "ceil"}, {"round", "round"},    {"gcd", "gcd"},      {"lcm", "lcm"},
      {"max", "max"},      {"maximum", "max"},    {"min", "min"},      {"minimum", "min"},
  }};
  for (auto [name, function] : kFunctions)
    if (name == word) return function;
  return {};
}

}  // namespace troupe::models::builtin

#include "tools/builtin/calculator/words.h"

#include "runtime/base/ascii.h"

namespace troupe::tools::calculator {

namespace {

/// Words that stand for an operator between two operands.
struct Word {
  std::string_view name;
  Symbol symbol;
};
constexpr Word kWords[] = {
    {"plus", Symbol::plus},     {"minus", Symbol::minus},      {"times", Symbol::times},
    {"x", Symbol::times},       {"over", Symbol::divide},      {"mod", Symbol::percent},
    {"of", Symbol::times},      {"div", Symbol::floor_divide}, {"더하기", Symbol::plus},
    {"빼기", Symbol::minus},    {"곱하기", Symbol::times},     {"나누기", Symbol::divide},
    {"나머지", Symbol::percent}};

}  // namespace

std::optional<Symbol> word_operator(const Token& token) {
  if (token.symbol != Symbol::name) return std::nullopt;
  const std::string name = lower(token.name);
  for (const Word& word : kWords)
    if (word.name == name) return word.symbol;
  return std::nullopt;
}

std::optional<int> word_power(const Token& token) {
  if (token.symbol != Symbol::name) return std::nullopt;
  const std::string name = lower(token.name);
  if (name == "squared" || name == "제곱") return 2;
  if (name == "cubed" || name == "세제곱") return 3;
  return std::nullopt;
}

bool is_percent_word(const Token& token) {
  if (token.symbol != Symbol::name) return false;
  const std::string name = lower(token.name);
  return name == "percent" || name == "percents" || name == "퍼센트";
}

std::optional<Number> constant(std::string_view name) {
  static const Real kE("2.71828182845904523536028747135266249775724709369995957496696762772407663035354759");
  static const Real kPhi(
      "1.61803398874989484820458683436563811772030917980576286213544862270526046281890245");
  if (name == "pi" || name == "π" || name == "Pi" || name == "PI" || name == "파이")
    return Number::pi_times(1);
  if (name == "tau" || name == "τ") return Number::pi_times(2);
  if (name == "e" || name == "E") return Number(kE);
  if (name == "phi" || name == "φ" || name == "ϕ") return Number(kPhi);
  return std::nullopt;
}

bool is_converter(const Token& token) {
  if (token.symbol != Symbol::name) return false;
  const std::string name = lower(token.name);
  return name == "in" || name == "to" || name == "as";
}

std::optional<Value::Form> form_named(std::string_view name) {
  using Form = Value::Form;
  static constexpr std::pair<std::string_view, Form> kForms[] = {
      {"hex", Form::hex},           {"hexadecimal", Form::hex}, {"bin", Form::binary},
      {"binary", Form::binary},     {"oct", Form::octal},       {"octal", Form::octal},
      {"fraction", Form::fraction}, {"percent", Form::percent}, {"scientific", Form::scientific},
      {"decimal", Form::decimal}};
  for (const auto& [known, form] : kForms)
    if (known == name) return form;
  return std::nullopt;
}

}  // namespace troupe::tools::calculator

// The expression level of EnglishMath, loosest binding first.

#include "models/builtin/english_math.h"

#include <array>
#include <utility>

namespace troupe::models::builtin {

namespace {

bool integer(const Formula& f) {
  return f.text().find_first_not_of("0123456789") == std::string::npos;
}
Formula one() {
  return Formula::number("1");
}
}  // namespace

EnglishMath::Parsed EnglishMath::sum(bool in_list) {
  if (++depth_ > kDepth) return std::nullopt;
  Parsed left = product();
  while (left) {
    if (is(Kind::plus) || is(Kind::minus)) {
      bool plus = tokens_[at_++].kind == Kind::plus;
      Parsed right = product();
      if (!right) {
        left = std::nullopt;
      } else if (right->is_percent() && accept_word("tip")) {  // "42.50 plus 15% tip"
        left = plus ? *left + Formula::change(*right, *left) : *left - Formula::change(*right, *left);
      } else {
        left = plus ? *left + *right : *left - *right;
      }
    } else if (is_word("increased") || is_word("decreased")) {
      left = apply_operator(*left);
    } else if (is_word("morethan") || is_word("lessthan")) {
      bool more = is_word("morethan");
      ++at_;
      Parsed right = product();
      if (!right)
        left = std::nullopt;
      else
        left = more ? *right + *left : *right - *left;
    } else if (!in_list && is_word("and") && is(Kind::number, 1) &&
               is(Kind::percent, 2)) {  // "80 with a 15% tip"
      ++at_;
      Formula rate = Formula::number(tokens_[at_].text);
      at_ += 2;
      if (accept_word("tip"))
        left = *left + Formula::percent_of(rate, *left);
      else if (accept_any({"off", "discount"}))
        left = *left - Formula::percent_of(rate, *left);
      else
        left = std::nullopt;
    } else if (!in_list && is(Kind::comma) && is_operator(1)) {
      ++at_;
      left = apply_operator(*left);
    } else {
      break;
    }
  }
  --depth_;
  return left;
}

EnglishMath::Parsed EnglishMath::product() {
  Parsed left = unary();
  bool fraction = false;
  while (left) {
    if (accept(Kind::times)) {
      Parsed right = unary();
      left = right ? Parsed(*left * *right) : std::nullopt;
    } else if (accept(Kind::over)) {
      Parsed right = unary();
      left = right ? Parsed(*left / *right) : std::nullopt;
      fraction = true;
    } else if (accept_word("mod")) {
      Parsed right = unary();
      left = right ? Parsed(Formula::modulo(*left, *right)) : std::nullopt;
    } else if (fraction && accept_word("of")) {  // "3/4 of 100"
      Parsed right = unary();
      left = right ? Parsed(*left * *right) : std::nullopt;
    } else if (is(Kind::open)) {  // "2(3 + 4)"
      Parsed right = unary();
      left = right ? Parsed(*left * *right) : std::nullopt;
    } else {
      break;
    }
  }
  return left;
}

EnglishMath::Parsed EnglishMath::unary() {
  if (++depth_ > kDepth) return std::nullopt;
  Parsed value;
  if (accept(Kind::minus)) {
    value = unary();
    if (value) value = Formula::negated(*value);
  } else {
    value = power();
  }
  --depth_;
  return value;
}

EnglishMath::Parsed EnglishMath::power() {
  Parsed base = postfix();
  if (!base) return base;
  if (accept(Kind::power)) {
    if (is(Kind::ordinal)) return Formula::power(*base, Formula::number(tokens_[at_++].text));
    Parsed exponent = unary();
    return exponent ? Parsed(Formula::power(*base, *exponent)) : std::nullopt;
  }
  // "2 to the 10th": the words between were one phrase
  if (is_word("raised") && (is(Kind::ordinal, 1) || is(Kind::number, 1))) return apply_operator(*base);
  if (is_word("to") && is(Kind::ordinal, 1)) {
    at_ += 2;
    return Formula::power(*base, Formula::number(tokens_[at_ - 1].text));
  }
  return base;
}

EnglishMath::Parsed EnglishMath::postfix() {
  Parsed value = primary();
  while (value) {
    if (accept(Kind::factorial) || accept_word("factorial"))
      value = Formula::factorial(*value);
    else if (accept(Kind::degree))
      value = Formula::degrees(*value);
    else if (accept_word("squared"))
      value = Formula::power(*value, Formula::number("2"));
    else if (accept_word("cubed"))
      value = Formula::power(*value, Formula::number("3"));
    else if (accept(Kind::percent))
      return percentage(*value);
    else
      break;
  }
  return value;
}

// What may follow "15%": "of 80", "tip on 42.50", "off 80".
EnglishMath::Parsed EnglishMath::percentage(const Formula& rate) {
  std::size_t start = at_;
  bool off = accept_word("off");
  bool part = off || accept_any({"tip", "discount"});
  if (accept_any({"of", "on", "for", "from"}) || off) {
    Parsed whole = unary();
    if (!whole) return std::nullopt;
    Formula share = Formula::percent_of(rate, *whole);
    return off ? *whole - share : share;
  }
  if (part) at_ = start;  // "plus 15% tip" is read by sum()
  // "10% 5" is a remainder in some languages and nothing in English: leave it to the calculator
  if (is(Kind::number)) {
    Formula right = Formula::number(tokens_[at_++].text);
    return Formula::modulo(rate, right);
  }
  return Formula::percent(rate);
}

EnglishMath::Parsed EnglishMath::primary() {
  if (is(Kind::number)) {
    Formula number = Formula::number(tokens_[at_++].text);
    return fraction(number);
  }
  if (accept(Kind::open)) {
    Parsed inner = sum();
    if (!inner || !accept(Kind::close)) return std::nullopt;
    return Formula::grouped(*inner);
  }
  if (is(Kind::ordinal)) {
    Formula n = Formula::number(tokens_[at_++].text);
    if (accept_word("root")) {
      accept_word("of");
      Parsed base = postfix();
      return base ? Parsed(Formula::power(*base, one() / n)) : std::nullopt;
    }
    if (!accept_word("of")) return std::nullopt;
    Parsed base = unary();
    if (!base) return std::nullopt;
    return *base / n;  // "a third of 90"
  }
  return is(Kind::word) ? word_primary() : std::nullopt;
}

// "two thirds of 90", "3 quarters"; the number alone when no fraction follows.
EnglishMath::Parsed EnglishMath::fraction(const Formula& numerator) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kParts{{{"half", "2"},
                                                                                         {"halves", "2"},
                                                                                         {"thirds", "3"},
                                                                                         {"quarter", "4"},
                                                                                         {"quarters", "4"},
                                                                                         {"fourths", "4"},
                                                                                         {"fifths", "5"},
                                                                                         {"sixths", "6"},
                                                                                         {"sevenths", "7"},
                                                                                         {"eighths", "8"},
                                                                                         {"ninths", "9"},
                                                                                         {"tenths", "10"}}};
  const MathToken* next = peek();
  if (!next) return numerator;
  std::string_view denominator;
  if (next->kind == Kind::ordinal && is_word("of", 1)) denominator = next->text;
  if (next->kind == Kind::word)
    for (auto [word, digits] : kParts)
      if (next->text == word) denominator = digits;
  if (denominator.empty()) return numerator;
  Formula part = numerator / Formula::number(denominator);
  ++at_;
  if (!accept_word("of")) return Formula::grouped(part);
  Parsed whole = unary();
  return whole ? Parsed(Formula::grouped(part) * *whole) : std::nullopt;
}

EnglishMath::Parsed EnglishMath::word_primary() {
  const std::string word = tokens_[at_].text;
  if (word == "it") return ++at_, previous_number();
  if (word == "pi") return ++at_, Formula::constant("pi");
  if (word == "e") return ++at_, Formula::constant("e");
  if (word == "half" || word == "quarter") {
    ++at_;
    Formula parts = Formula::number(word == "half" ? "2" : "4");
    if (!accept_word("of") && !is(Kind::number)) return Formula::grouped(one() / parts);
    Parsed whole = unary();
    return whole ? Parsed(*whole / parts) : std::nullopt;
  }
  if (word == "double" || word == "triple") {
    ++at_;
    accept_word("of");
    Formula factor = Formula::number(word == "double" ? "2" : "3");
    Parsed base = at_end() ? Parsed(previous_number()) : unary();
    return base ? Parsed(factor * *base) : std::nullopt;
  }
  for (std::string_view how : {"sum", "product", "difference", "quotient", "average", "remainder"}) {
    if (word != how) continue;
    ++at_;
    accept_any({"of", "between", "from", "after"});
    if (how == "sum")
      if (Parsed range = range_sum()) return range;
    if (how == "remainder") {
      Parsed left = unary();
      if (!left || !(accept(Kind::over) || accept_word("and") || accept_word("by"))) return std::nullopt;
      Parsed right = unary();
      return right ? Parsed(Formula::modulo(*left, *right)) : std::nullopt;
    }
    return fold(how, list());
  }
  if (word == "log" && is_word("base", 1)) {
    at_ += 2;
    Parsed base = primary();
    accept_word("of");
    Parsed value = base ? postfix() : std::nullopt;
    return value ? Parsed(Formula::call("ln", {*value}) / Formula::call("ln", {*base})) : std::nullopt;
  }
  if (word == "factorial") {
    ++at_;
    accept_word("of");
    Parsed value = primary();
    return value ? Parsed(Formula::factorial(*value)) : std::nullopt;
  }
  if (word == "square" && is_word("of", 1)) {
    at_ += 2;
    Parsed value = primary();
    return value ? Parsed(Formula::power(*value, Formula::number("2"))) : std::nullopt;
  }
  if (word == "cube" && is_word("of", 1)) {
    at_ += 2;
    Parsed value = primary();
    return value ? Parsed(Formula::power(*value, Formula::number("3"))) : std::nullopt;
  }
  std::string_view function = function_name(word);
  if (function.empty()) return std::nullopt;
  ++at_;
  return call(function);
}

EnglishMath::Parsed EnglishMath::call(std::string_view function) {
  bool many = function == "gcd" || function == "lcm" || function == "max" || function == "min";
  accept_any({"of", "between"});
  if (is(Kind::open)) {
    ++at_;
    std::vector<Formula> arguments = list();
    if (arguments.empty() || !accept(Kind::close)) return std::nullopt;
    return Formula::call(function, arguments);
  }
  if (many) {
    std::vector<Formula> arguments = list();
    return arguments.empty() ? std::nullopt : Parsed(Formula::call(function, arguments));
  }
  Parsed argument = is(Kind::minus) ? unary() : power();
  return argument ? Parsed(Formula::call(function, {*argument})) : std::nullopt;
}

// "1 to 100", "first 100": the sum of the integers in between.
EnglishMath::Parsed EnglishMath::range_sum() {
  std::size_t start = at_;
  accept_any({"from", "between"});
  if (accept_word("first") && is(Kind::number)) {
    Formula last = Formula::number(tokens_[at_++].text);
    if (integer(last)) return last * Formula::grouped(last + one()) / Formula::number("2");
  } else if (is(Kind::number) && is_word("to", 1) && is(Kind::number, 2)) {
    Formula from = Formula::number(tokens_[at_].text), to = Formula::number(tokens_[at_ + 2].text);
    at_ += 3;
    if (integer(from) && integer(to)) return (from + to) * (to - from + one()) / Formula::number("2");
  }
  at_ = start;
  return std::nullopt;
}

std::vector<Formula> EnglishMath::list() {
  std::vector<Formula> values;
  for (;;) {
    Parsed value = sum(true);
    if (!value) return {};
    values.push_back(*value);
    std::size_t mark = at_;
    bool comma = accept(Kind::comma);
    bool more = accept_word("and") || comma;
    // ", times 2" or "and then" is not one more element
    if (!more || at_end() || is_operator() || is_word("then")) {
      at_ = mark;
      return values;
    }
    if (!is(Kind::number) && !is(Kind::open) && !is(Kind::minus)) {
      at_ = mark;
      return values;
    }
  }
}

EnglishMath::Parsed EnglishMath::fold(std::string_view how, const std::vector<Formula>& values) {
  if (values.empty() || (values.size() == 1 && how != "sum")) return std::nullopt;
  Formula value = values[0];
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (how == "product")
      value = value * values[i];
    else if (how == "difference")
      value = value - values[i];
    else if (how == "quotient")
      value = value / values[i];
    else
      value = value + values[i];
  }
  if (how == "average") return value / Formula::number(std::to_string(values.size()));
  return value;
}

}  // namespace troupe::models::builtin

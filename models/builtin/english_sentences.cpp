// The sentence level of EnglishMath: questions, orders and what continues them.

#include "models/builtin/english_lexicon.h"
#include "models/builtin/english_math.h"

#include <utility>

namespace troupe::models::builtin {

namespace {

Formula hundred() {
  return Formula::number("100");
}

}  // namespace

EnglishMath::EnglishMath(std::vector<MathToken> tokens, std::optional<std::string_view> previous)
    : MathParser(english_math_tokens(std::move(tokens)), previous) {}

EnglishMath::Parsed EnglishMath::read() {
  while (!at_end() && (is_word("is") || is(Kind::comma) || is_word("and") || is_word("then") ||
                       is_word("of") || is_word("are") || is_word("but")))
    ++at_;
  while (!tokens_.empty() && at_ < tokens_.size()) {
    const MathToken& last = tokens_.back();
    if (last.kind != Kind::comma && last.kind != Kind::equals &&
        !(last.kind == Kind::word && last.text == "is"))
      break;
    tokens_.pop_back();
  }
  if (at_end()) return std::nullopt;
  std::size_t start = at_;
  for (auto form : {&EnglishMath::percent_question, &EnglishMath::percent_change, &EnglishMath::chain}) {
    at_ = start;
    Parsed value = (this->*form)();
    if (value && at_end() && value->computes()) return value;
  }
  return std::nullopt;
}

bool EnglishMath::is_operator(std::size_t ahead) const {
  return is(Kind::plus, ahead) || is(Kind::minus, ahead) || is(Kind::times, ahead) || is(Kind::over, ahead) ||
         is(Kind::power, ahead) || is_word("mod", ahead) || is_word("squared", ahead) ||
         is_word("cubed", ahead) || is_word("increased", ahead) || is_word("decreased", ahead) ||
         is_word("raised", ahead);
}

// "…, and then": what follows works on the value so far.
bool EnglishMath::separator() {
  std::size_t start = at_;
  accept(Kind::comma);
  accept_word("and");
  accept_word("then");
  return at_ != start;
}

EnglishMath::Parsed EnglishMath::chain() {
  Parsed value = statement(nullptr);
  while (value && !at_end()) {
    if (!separator()) return std::nullopt;
    value = statement(&*value);
  }
  return value;
}

EnglishMath::Parsed EnglishMath::statement(const Formula* before) {
  std::size_t start = at_;
  if (Parsed value = command(before)) return value;
  at_ = start;
  // A leading operator continues what was there before. A leading minus may also be a sign.
  if (is_operator() && !is(Kind::minus)) return apply_operator(before ? *before : previous_number());
  if (before) return is(Kind::minus) ? apply_operator(*before) : std::nullopt;
  Parsed value = sum();
  if (value && at_end() && !value->computes() && tokens_[start].kind == Kind::minus) {
    at_ = start;  // "minus 5?" alone asks for a difference, not for a number
    return apply_operator(previous_number());
  }
  return value;
}

EnglishMath::Parsed EnglishMath::apply_operator(const Formula& left) {
  if (accept_word("squared")) return Formula::power(left, Formula::number("2"));
  if (accept_word("cubed")) return Formula::power(left, Formula::number("3"));
  if (accept_word("raised")) {
    if (!is(Kind::ordinal) && !is(Kind::number)) return std::nullopt;
    return Formula::power(left, Formula::number(tokens_[at_++].text));
  }
  bool up = accept_word("increased");
  if (up || accept_word("decreased")) {
    Parsed by = unary();
    if (!by) return std::nullopt;
    return up ? left + Formula::change(*by, left) : left - Formula::change(*by, left);
  }
  const MathToken op = tokens_[at_++];
  Parsed right = op.kind == Kind::plus || op.kind == Kind::minus ? product() : unary();
  if (!right) return std::nullopt;
  switch (op.kind) {
    case Kind::plus:
      return left + *right;
    case Kind::minus:
      return left - *right;
    case Kind::times:
      return left * *right;
    case Kind::over:
      return left / *right;
    case Kind::power:
      return Formula::power(left, *right);
    default:
      return Formula::modulo(left, *right);
  }
}

// "add 3 and 4", "subtract 3 from 10", "divide it by 2"; without its operand a command works on the value
// before.
EnglishMath::Parsed EnglishMath::command(const Formula* before) {
  auto subject = [&]() -> Formula { return before ? *before : previous_number(); };
  auto is_subject = [&] { return at_end() || is(Kind::comma) || is_word("then") || is_word("and"); };

  if (accept_word("add")) {
    std::vector<Formula> values = list();
    if (values.empty()) return std::nullopt;
    Parsed added = fold("sum", values);
    if (accept_word("to")) {
      if (is_subject() || accept_word("it")) return subject() + *added;
      Parsed base = sum(true);
      return base ? Parsed(*base + *added) : std::nullopt;
    }
    return values.size() > 1 ? added : Parsed(subject() + *added);
  }
  if (accept_word("subtract")) {
    Parsed taken = sum(true);
    if (!taken) return std::nullopt;
    if (!accept_word("from") || is_subject() || accept_word("it")) return subject() - *taken;
    Parsed base = sum(true);
    return base ? Parsed(*base - *taken) : std::nullopt;
  }
  bool multiply = accept_word("multiply");
  if (multiply || accept_word("divide")) {
    Parsed left = is_word("by") || accept_word("it") ? Parsed(subject()) : sum(true);
    if (!left || !(accept_word("by") || accept_word("and"))) return std::nullopt;
    Parsed right = sum(true);
    if (!right) return std::nullopt;
    return multiply ? *left * *right : *left / *right;
  }
  bool increase = accept_word("increase");
  if (increase || accept_word("decrease")) {
    Parsed whole = is_word("by") || accept_word("it") ? Parsed(subject()) : unary();
    if (!whole || !accept_word("by")) return std::nullopt;
    Parsed rate = unary();
    if (!rate) return std::nullopt;
    return increase ? *whole + Formula::change(*rate, *whole) : *whole - Formula::change(*rate, *whole);
  }
  for (auto [verb, exponent] : {std::pair{"square", "2"}, std::pair{"cube", "3"}}) {
    if (!accept_word(verb)) continue;
    Parsed base = is_subject() || accept_word("it") ? Parsed(subject()) : unary();
    return base ? Parsed(Formula::power(*base, Formula::number(exponent))) : std::nullopt;
  }
  if (accept_word("raise")) {
    Parsed base = accept_word("it") || is(Kind::power) || is_word("raised") ? Parsed(subject()) : postfix();
    if (!base || !is_operator()) return base && base->computes() ? base : std::nullopt;
    return apply_operator(*base);
  }
  if (accept_word("halve")) {
    Parsed base = is_subject() || accept_word("it") ? Parsed(subject()) : unary();
    return base ? Parsed(*base / Formula::number("2")) : std::nullopt;
  }
  return std::nullopt;
}

// "what percent of 80 is 20", "20 is what percent of 80", "20 of 80 as a percentage"
EnglishMath::Parsed EnglishMath::percent_question() {
  auto share = [](const Parsed& part, const Parsed& whole) -> Parsed {
    if (!part || !whole) return std::nullopt;
    return *part / *whole * hundred();
  };
  if (accept_word("whatpercent")) {
    if (accept_word("of")) {
      Parsed whole = sum(true);
      if (!whole || !accept_word("is")) return std::nullopt;
      return share(sum(true), whole);
    }
    if (!accept_word("is")) return std::nullopt;
    Parsed part = sum(true);
    if (!part || !(accept_word("of") || accept_word("from"))) return std::nullopt;
    return share(part, sum(true));
  }
  Parsed part = sum(true);
  if (!part) return std::nullopt;
  if (accept_word("aspercent")) {
    if (at_end()) return *part * hundred();  // "3/8 as a percentage"
    if (!accept_word("of")) return std::nullopt;
    return share(part, sum(true));
  }
  if (accept_word("of")) {
    Parsed whole = sum(true);
    return accept_word("aspercent") ? share(part, whole) : std::nullopt;
  }
  if (!accept_word("is") || !accept_word("whatpercent") || !accept_word("of")) return std::nullopt;
  return share(part, sum(true));
}

EnglishMath::Parsed EnglishMath::percent_change() {
  if (!accept_word("percentchange") || !(accept_word("from") || accept_word("between"))) return std::nullopt;
  Parsed from = sum(true);
  if (!from || !(accept_word("to") || accept_word("and"))) return std::nullopt;
  Parsed to = sum(true);
  if (!to) return std::nullopt;
  return (*to - *from) / *from * hundred();
}

}  // namespace troupe::models::builtin

#include "models/builtin/korean_math.h"

#include "models/builtin/korean_morphemes.h"
#include "models/builtin/number_words.h"

#include <algorithm>
#include <array>

namespace troupe::models::builtin {

namespace {

using Kind = MathToken::Kind;

MathToken from_piece(const std::string& piece) {
  static constexpr std::array<std::pair<std::string_view, Kind>, 6> kSymbols{{{"plus", Kind::plus},
                                                                              {"minus", Kind::minus},
                                                                              {"times", Kind::times},
                                                                              {"over", Kind::over},
                                                                              {"percent", Kind::percent},
                                                                              {"degree", Kind::degree}}};
  for (auto [word, kind] : kSymbols)
    if (piece == word) return {kind, piece, true};
  if (piece.find_first_not_of("0123456789") == std::string::npos) return {Kind::number, piece, false};
  return {Kind::word, piece, true};
}

// "3만", "5천": the unit multiplies the digits it is glued to. Gives back what is left of the run.
std::string_view scale(std::string& digits, std::string_view run) {
  static constexpr std::array<std::pair<std::string_view, int>, 6> kUnits{
      {{"십", 1}, {"백", 2}, {"천", 3}, {"만", 4}, {"억", 8}, {"조", 12}}};
  for (bool again = true; again;) {
    again = false;
    for (auto [unit, zeros] : kUnits)
      if (run.starts_with(unit)) {
        digits = shift_decimal(digits, zeros);
        run.remove_prefix(unit.size());
        again = digits.size() < 60;
      }
  }
  return run;
}

// The words of an English sentence that may stand around Korean arithmetic.
bool courtesy(const std::string& word) {
  static constexpr std::array<std::string_view, 8> kWords{"calculate", "please", "what",  "is",
                                                          "compute",   "hi",     "hello", "the"};
  return std::ranges::find(kWords, word) != kWords.end();
}

}  // namespace

KoreanMath::KoreanMath(std::vector<MathToken> tokens, std::optional<std::string_view> previous)
    : MathParser({}, previous) {
  for (MathToken& token : read_english_numbers(std::move(tokens))) {
    if (token.kind == Kind::comma || token.kind == Kind::equals) continue;
    if (token.kind == Kind::word && courtesy(token.text)) continue;
    if (token.kind != Kind::korean) {
      tokens_.push_back(std::move(token));
      continue;
    }
    std::string_view run = token.text;
    bool after_number = token.glued && !tokens_.empty() && tokens_.back().kind == Kind::number;
    if (after_number) run = scale(tokens_.back().text, run);
    auto words = korean_morphemes(run, after_number);
    if (!words) {
      understood_ = false;
      return;
    }
    for (const std::string& word : *words) tokens_.push_back(from_piece(word));
  }
  merge_numbers();
}

// "3만 5천", "이만 삼천", "3만 500": a round number and a smaller one behind it are one number.
void KoreanMath::merge_numbers() {
  std::vector<MathToken> merged;
  for (MathToken& token : tokens_) {
    bool whole =
        token.kind == Kind::number && token.text.find_first_not_of("0123456789") == std::string::npos;
    if (whole && !merged.empty() && merged.back().kind == Kind::number) {
      std::string& round = merged.back().text;
      std::size_t zeros = round.size() - 1 - std::min(round.find_last_not_of('0'), round.size() - 1);
      if (zeros >= 4 && token.text.size() <= zeros && round.find('.') == std::string::npos) {
        round.replace(round.size() - token.text.size(), token.text.size(), token.text);
        continue;
      }
    }
    merged.push_back(std::move(token));
  }
  tokens_ = std::move(merged);
}

KoreanMath::Parsed KoreanMath::read() {
  static constexpr std::array<std::string_view, 8> kParticles{"of", "obj", "from",      "to",
                                                              "by", "and", "rangefrom", "rangeto"};
  static constexpr std::array<std::string_view, 12> kReducers{
      "added",      "taken",   "multiplied", "divided",  "sum", "product",
      "difference", "average", "remainder",  "quotient", "gcd", "lcm"};
  static constexpr std::array<std::string_view, 9> kSuffixes{"square", "cube",  "sqrt",  "cbrt", "factorial",
                                                             "half",   "2fold", "3fold", "4fold"};
  if (!understood_) return std::nullopt;
  while (!at_end()) {
    const MathToken& token = tokens_[at_];
    bool word = token.kind == Kind::word;
    if (word && std::ranges::find(kReducers, token.text) != kReducers.end()) {
      std::string_view how = tokens_[at_++].text;
      if (!reduce(how)) return std::nullopt;
      // "더한 값에 2를 곱하면", "3과 4의 합 곱하기 2": what comes next works on the result
      Parsed more = suffixes(operands_.back().value);
      if (!more) return std::nullopt;
      operands_.back().value = *more;
      while (is(Kind::plus) || is(Kind::minus) || is(Kind::times) || is(Kind::over)) {
        Kind op = tokens_[at_++].kind;
        Parsed right = op == Kind::plus || op == Kind::minus ? product() : factor();
        if (!right) return std::nullopt;
        Formula& left = operands_.back().value;
        left = op == Kind::plus    ? left + *right
               : op == Kind::minus ? left - *right
               : op == Kind::times ? left * *right
                                   : left / *right;
      }
      continue;
    }
    if (word && std::ranges::find(kParticles, token.text) != kParticles.end()) {
      // "그 값에 2를 곱하면": a particle with nothing before it belongs to the last answer
      if (operands_.empty()) operands_.push_back({previous_number(), ""});
      operands_.back().particle = tokens_[at_++].text;
      continue;
    }
    if (operands_.size() == 1 && operands_[0].particle.empty() && accept_word("fold")) {
      operands_[0].value = previous_number() * operands_[0].value;
      continue;
    }
    // "제곱하면?", "두 배는?" alone ask about the last answer; "루트 16" does not.
    bool about_number = is(Kind::number, 1) || is(Kind::open, 1);
    if (operands_.empty() && word && !about_number &&
        std::ranges::find(kSuffixes, token.text) != kSuffixes.end()) {
      Parsed value = after_of(previous_number());
      operands_.push_back({*value, ""});
      continue;
    }
    // A leading operator goes on from the last answer.
    if (operands_.empty() && (is(Kind::plus) || is(Kind::times) || is(Kind::over))) {
      operands_.push_back({previous_number(), ""});
      Kind op = tokens_[at_++].kind;
      Parsed right = op == Kind::plus ? product() : factor();
      if (!right) return std::nullopt;
      Formula& left = operands_.back().value;
      left = op == Kind::plus ? left + *right : op == Kind::times ? left * *right : left / *right;
      continue;
    }
    Parsed value = sum();
    if (!value) return std::nullopt;
    operands_.push_back({*value, ""});
  }
  if (operands_.size() != 1) return std::nullopt;
  const Formula& result = operands_.front().value;
  return result.computes() ? Parsed(result) : std::nullopt;
}

KoreanMath::Parsed KoreanMath::sum() {
  if (++depth_ > kDepth) return std::nullopt;
  Parsed left = product();
  while (left && (is(Kind::plus) || is(Kind::minus))) {
    bool plus = tokens_[at_++].kind == Kind::plus;
    Parsed right = product();
    left = right ? Parsed(plus ? *left + *right : *left - *right) : std::nullopt;
  }
  --depth_;
  return left;
}

KoreanMath::Parsed KoreanMath::product() {
  Parsed left = factor();
  while (left && (is(Kind::times) || is(Kind::over) || is(Kind::open))) {
    bool over = accept(Kind::over);
    if (!over) accept(Kind::times);
    Parsed right = factor();
    left = right ? Parsed(over ? *left / *right : *left * *right) : std::nullopt;
  }
  return left;
}

KoreanMath::Parsed KoreanMath::factor() {
  if (++depth_ > kDepth) return std::nullopt;
  Parsed value;
  if (accept(Kind::minus)) {
    value = factor();
    if (value) value = Formula::negated(*value);
  } else {
    value = primary();
    if (value) value = suffixes(value);
  }
  --depth_;
  return value;
}

// What is glued behind an operand: 제곱, 팩토리얼, %, "의 200제곱", "의 15%".
KoreanMath::Parsed KoreanMath::suffixes(Parsed value) {
  while (value) {
    if (accept(Kind::power)) {
      Parsed exponent = factor();
      value = exponent ? Parsed(Formula::power(*value, *exponent)) : std::nullopt;
    } else if (accept(Kind::factorial) || accept_word("factorial")) {
      value = Formula::factorial(*value);
    } else if (accept(Kind::degree)) {
      value = Formula::degrees(*value);
    } else if (accept(Kind::percent)) {
      value = Formula::percent(*value);
    } else if (accept_word("square")) {
      value = Formula::power(*value, Formula::number("2"));
    } else if (accept_word("cube")) {
      value = Formula::power(*value, Formula::number("3"));
    } else if (is(Kind::number) && is_word("fold", 1)) {  // "7 3배" is written "7의 3배": see after_of
      return value;
    } else if (accept_word("2fold")) {
      value = *value * Formula::number("2");
    } else if (accept_word("3fold")) {
      value = *value * Formula::number("3");
    } else if (accept_word("4fold")) {
      value = *value * Formula::number("4");
    } else if (is_word("of")) {
      std::size_t start = at_++;
      Parsed more = after_of(*value);
      if (!more) {
        at_ = start;  // "3과 4의 합": the particle belongs to the sentence
        return value;
      }
      value = more;
    } else {
      return value;
    }
  }
  return value;
}

KoreanMath::Parsed KoreanMath::after_of(const Formula& value) {
  if (accept_word("square")) return Formula::power(value, Formula::number("2"));
  if (accept_word("cube")) return Formula::power(value, Formula::number("3"));
  if (accept_word("sqrt")) return Formula::call("sqrt", {value});
  if (accept_word("cbrt")) return Formula::call("cbrt", {value});
  if (accept_word("factorial")) return Formula::factorial(value);
  if (accept_word("half")) return value / Formula::number("2");
  if (accept_word("2fold")) return value * Formula::number("2");
  if (accept_word("3fold")) return value * Formula::number("3");
  if (accept_word("4fold")) return value * Formula::number("4");
  if (!is(Kind::number) && !is(Kind::open)) return std::nullopt;
  Parsed n = primary();
  if (!n) return std::nullopt;
  if (n->computes()) return value * *n;  // "100의 4분의 3"
  if (accept_word("square") || accept_word("power")) return Formula::power(value, *n);
  if (accept(Kind::percent)) return Formula::percent_of(*n, value);
  if (accept_word("fold")) return value * *n;
  return std::nullopt;
}

KoreanMath::Parsed KoreanMath::primary() {
  if (is(Kind::number)) {
    Formula number = Formula::number(tokens_[at_++].text);
    if (!is_word("parts")) return number;
    ++at_;  // "4분의 3"
    Parsed parts = primary();
    return parts ? Parsed(Formula::grouped(*parts / number)) : std::nullopt;
  }
  if (accept(Kind::open)) {
    Parsed inner = sum();
    if (!inner || !accept(Kind::close)) return std::nullopt;
    return Formula::grouped(*inner);
  }
  if (accept_word("it")) return previous_number();
  if (accept_word("pi")) return Formula::constant("pi");
  if (!is(Kind::word)) return std::nullopt;
  std::string_view function = function_name(tokens_[at_].text);
  if (function.empty()) return std::nullopt;
  ++at_;
  Parsed argument = factor();
  return argument ? Parsed(Formula::call(function, {*argument})) : std::nullopt;
}

bool KoreanMath::reduce(std::string_view how) {
  if (how == "remainder" || how == "quotient") return reduce_last(how);
  if (operands_.empty()) return false;
  if (how == "sum" && reduce_range()) return true;
  bool verb = how == "added" || how == "taken" || how == "multiplied" || how == "divided";
  // "5를 곱하면" alone goes on from the last answer
  if (verb && operands_.size() == 1) operands_.insert(operands_.begin(), {previous_number(), ""});
  if (operands_.size() < 2) return false;
  if (how == "taken" || how == "divided" || how == "difference") return reduce_pair(how);

  if (how == "gcd" || how == "lcm") {
    std::vector<Formula> values;
    for (const Operand& operand : operands_) values.push_back(operand.value);
    operands_.assign(1, {Formula::call(how, values), ""});
    return true;
  }
  Formula value = operands_[0].value;
  for (std::size_t i = 1; i < operands_.size(); ++i)
    value = how == "multiplied" || how == "product" ? value * operands_[i].value : value + operands_[i].value;
  if (how == "average") value = value / Formula::number(std::to_string(operands_.size()));
  operands_.assign(1, {value, ""});
  return true;
}

// Which operand is which follows from the particles, whatever their order: "7로 100을 나누면", "3을 10에서
// 빼면".
bool KoreanMath::reduce_pair(std::string_view how) {
  Operand second = operands_.back();
  operands_.pop_back();
  Operand first = operands_.back();
  operands_.pop_back();
  bool swapped = how == "divided" ? first.particle == "by" && second.particle == "obj"
                                  : first.particle == "obj" && second.particle == "from";
  if (swapped) std::swap(first, second);
  if (how == "divided") division_ = {first.value, second.value};
  operands_.push_back({how == "divided" ? first.value / second.value : first.value - second.value, ""});
  return true;
}

// "1부터 100까지의 합"
bool KoreanMath::reduce_range() {
  if (operands_.size() != 2) return false;
  bool from = operands_[0].particle == "rangefrom" || operands_[0].particle == "from";
  bool to = operands_[1].particle == "rangeto" || operands_[1].particle == "of";
  if (!from || !to) return false;
  const Formula a = operands_[0].value, b = operands_[1].value;
  Formula count = b - a + Formula::number("1");
  operands_.assign(1, {(a + b) * count / Formula::number("2"), ""});
  return true;
}

bool KoreanMath::reduce_last(std::string_view how) {
  if (division_.size() != 2 || operands_.size() != 1) return false;
  operands_[0].value = how == "remainder" ? Formula::modulo(division_[0], division_[1])
                                          : Formula::call("floor", {division_[0] / division_[1]});
  operands_[0].particle = "";
  return true;
}

}  // namespace troupe::models::builtin

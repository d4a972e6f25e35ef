#include "models/builtin/english_math.h"

#include "models/builtin/number_words.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace troupe::models::builtin {

namespace {

using Kind = MathToken::Kind;

// Phrases of several words, and what they are to the parser. Longer ones first where one begins another.
struct Phrase {
  std::vector<std::string_view> words;
  Kind kind;
  std::string_view text;
};

const std::vector<Phrase>& phrases() {
  static const std::vector<Phrase> kPhrases{
      {{"raised", "to", "the", "power", "of"}, Kind::power, "^"},
      {{"raised", "to", "the", "power"}, Kind::power, "^"},
      {{"to", "the", "power", "of"}, Kind::power, "^"},
      {{"to", "the", "power"}, Kind::power, "^"},
      {{"raised", "to", "the"}, Kind::word, "raised"},
      {{"raised", "to"}, Kind::word, "raised"},
      {{"to", "the"}, Kind::word, "raised"},
      {{"divided", "by"}, Kind::over, "/"},
      {{"divided", "into"}, Kind::over, "/"},
      {{"multiplied", "by"}, Kind::times, "*"},
      {{"multiplied", "with"}, Kind::times, "*"},
      {{"added", "to"}, Kind::plus, "+"},
      {{"increased", "by"}, Kind::word, "increased"},
      {{"decreased", "by"}, Kind::word, "decreased"},
      {{"reduced", "by"}, Kind::word, "decreased"},
      {{"take", "away"}, Kind::minus, "-"},
      {{"square", "root"}, Kind::word, "sqrt"},
      {{"cube", "root"}, Kind::word, "cbrt"},
      {{"cubic", "root"}, Kind::word, "cbrt"},
      {{"natural", "logarithm"}, Kind::word, "ln"},
      {{"natural", "log"}, Kind::word, "ln"},
      {{"absolute", "value"}, Kind::word, "abs"},
      {{"greatest", "common", "divisor"}, Kind::word, "gcd"},
      {{"greatest", "common", "factor"}, Kind::word, "gcd"},
      {{"least", "common", "multiple"}, Kind::word, "lcm"},
      {{"lowest", "common", "multiple"}, Kind::word, "lcm"},
      {{"less", "than"}, Kind::word, "lessthan"},
      {{"fewer", "than"}, Kind::word, "lessthan"},
      {{"more", "than"}, Kind::word, "morethan"},
      {{"out", "of"}, Kind::over, "/"},
      {{"per", "cent"}, Kind::percent, "%"},
      {{"what", "percentage"}, Kind::word, "whatpercent"},
      {{"what", "percent"}, Kind::word, "whatpercent"},
      {{"which", "percentage"}, Kind::word, "whatpercent"},
      {{"how", "many", "percent"}, Kind::word, "whatpercent"},
      {{"as", "percentage"}, Kind::word, "aspercent"},
      {{"as", "a", "percentage"}, Kind::word, "aspercent"},
      {{"as", "a", "percent"}, Kind::word, "aspercent"},
      {{"in", "percent"}, Kind::word, "aspercent"},
      {{"percentage", "change"}, Kind::word, "percentchange"},
      {{"percent", "change"}, Kind::word, "percentchange"},
      {{"percentage", "increase"}, Kind::word, "percentchange"},
      {{"percent", "increase"}, Kind::word, "percentchange"},
      {{"percentage", "decrease"}, Kind::word, "percentchange"},
      {{"percent", "decrease"}, Kind::word, "percentchange"},
      {{"equal", "to"}, Kind::comma, ""},
      {{"want", "to", "know"}, Kind::comma, ""},
      {{"like", "to", "know"}, Kind::comma, ""},
      {{"need", "to", "know"}, Kind::comma, ""},
      {{"work", "out"}, Kind::comma, ""},
      {{"figure", "out"}, Kind::comma, ""},
      {{"answer", "to"}, Kind::comma, ""},
      {{"solution", "to"}, Kind::comma, ""},
      {{"value", "of"}, Kind::comma, ""},
      {{"result", "of"}, Kind::comma, ""},
      {{"result", "when"}, Kind::comma, ""},
  };
  return kPhrases;
}

struct OneWord {
  std::string_view word;
  Kind kind;
  std::string_view text;
};
constexpr std::array kWords{
    OneWord{"plus", Kind::plus, "+"},          OneWord{"minus", Kind::minus, "-"},
    OneWord{"times", Kind::times, "*"},        OneWord{"over", Kind::over, "/"},
    OneWord{"percent", Kind::percent, "%"},    OneWord{"pct", Kind::percent, "%"},
    OneWord{"equals", Kind::equals, "="},      OneWord{"modulo", Kind::word, "mod"},
    OneWord{"modulus", Kind::word, "mod"},     OneWord{"degrees", Kind::degree, "°"},
    OneWord{"degree", Kind::degree, "°"},      OneWord{"raised", Kind::power, "^"},
    OneWord{"mean", Kind::word, "average"},    OneWord{"total", Kind::word, "sum"},
    OneWord{"negative", Kind::minus, "-"},     OneWord{"twice", Kind::word, "double"},
    OneWord{"deduct", Kind::word, "subtract"}, OneWord{"reduce", Kind::word, "decrease"},
    OneWord{"that", Kind::word, "it"},         OneWord{"this", Kind::word, "it"},
    OneWord{"gratuity", Kind::word, "tip"},    OneWord{"tax", Kind::word, "tip"},
    OneWord{"vat", Kind::word, "tip"},         OneWord{"interest", Kind::word, "tip"},
    OneWord{"commission", Kind::word, "tip"},  OneWord{"surcharge", Kind::word, "tip"},
    OneWord{"with", Kind::word, "and"},        OneWord{"through", Kind::word, "to"},
    OneWord{"also", Kind::word, "and"},        OneWord{"divided", Kind::over, "/"},
};

// Words that change nothing in what is asked.
const std::unordered_set<std::string_view>& fillers() {
  static const std::unordered_set<std::string_view> kFillers{"what",       "whats",
                                                             "what's",     "how",
                                                             "much",       "many",
                                                             "calculate",  "compute",
                                                             "evaluate",   "solve",
                                                             "determine",  "find",
                                                             "tell",       "me",
                                                             "us",         "give",
                                                             "gives",      "show",
                                                             "get",        "can",
                                                             "could",      "would",
                                                             "will",       "you",
                                                             "please",     "pls",
                                                             "kindly",     "i",
                                                             "want",       "need",
                                                             "like",       "know",
                                                             "help",       "do",
                                                             "does",       "did",
                                                             "the",        "a",
                                                             "an",         "result",
                                                             "value",      "answer",
                                                             "exact",      "exactly",
                                                             "quickly",    "equal",
                                                             "be",         "hi",
                                                             "hello",      "hey",
                                                             "thanks",     "thank",
                                                             "ok",         "okay",
                                                             "so",         "now",
                                                             "just",       "question",
                                                             "math",       "quick",
                                                             "expression", "following",
                                                             "number",     "numbers",
                                                             "my",         "both",
                                                             "together",   "altogether",
                                                             "s",          "when",
                                                             "if",         "make",
                                                             "makes",      "integer",
                                                             "integers",   "natural",
                                                             "positive",   "whole",
                                                             "all",        "my",
                                                             "whats",      "sum's",
                                                             "i'd",        "let's",
                                                             "lets",       "say",
                                                             "there",      "calculator",
                                                             "using",      "use",
                                                             "power",      "precisely",
                                                             "roughly",    "approximately",
                                                             "about",      "right",
                                                             "yes",        "well",
                                                             "um",         "bill"};
  return kFillers;
}

bool matches(const std::vector<MathToken>& tokens, std::size_t at, const Phrase& phrase) {
  if (at + phrase.words.size() > tokens.size()) return false;
  for (std::size_t i = 0; i < phrase.words.size(); ++i) {
    const MathToken& token = tokens[at + i];
    bool percent_sign = token.kind == Kind::percent && phrase.words[i] == "percent";
    if (!percent_sign && (token.kind != Kind::word || token.text != phrase.words[i])) return false;
  }
  return true;
}

std::vector<MathToken> read_phrases(std::vector<MathToken> tokens) {
  std::vector<MathToken> out;
  for (std::size_t i = 0; i < tokens.size();) {
    const Phrase* found = nullptr;
    if (tokens[i].kind == Kind::word)
      for (const Phrase& phrase : phrases())
        if (matches(tokens, i, phrase)) {
          found = &phrase;
          break;
        }
    if (found) {
      out.push_back({found->kind, std::string(found->text), false});
      i += found->words.size();
      continue;
    }
    MathToken& token = tokens[i++];
    if (token.kind == Kind::word) {
      auto word = std::ranges::find(kWords, token.text, &OneWord::word);
      if (word != kWords.end()) token = {word->kind, std::string(word->text), false};
    }
    out.push_back(std::move(token));
  }
  return out;
}

std::vector<MathToken> drop_fillers(std::vector<MathToken> tokens) {
  std::erase_if(tokens,
                [](const MathToken& t) { return t.kind == Kind::word && fillers().contains(t.text); });
  // "17 is divided by 5": "is" before an operator says nothing.
  std::vector<MathToken> out;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    bool is = tokens[i].kind == Kind::word && tokens[i].text == "is";
    bool before_operator =
        i + 1 < tokens.size() && tokens[i + 1].kind >= Kind::plus && tokens[i + 1].kind <= Kind::power;
    if (is && before_operator) continue;
    bool comma = tokens[i].kind == Kind::comma;
    if (comma && (out.empty() || out.back().kind == Kind::comma)) continue;
    out.push_back(std::move(tokens[i]));
  }
  return out;
}

// "2 + 2 = ?" and "2 + 2 = 5": what stands after the sign is not asked for.
std::vector<MathToken> cut_at_equals(std::vector<MathToken> tokens) {
  auto sign = std::ranges::find(tokens, Kind::equals, &MathToken::kind);
  bool number_after = std::all_of(sign == tokens.end() ? sign : sign + 1, tokens.end(),
                                  [](const MathToken& t) { return t.kind == Kind::number; });
  if (sign != tokens.begin() && number_after) tokens.erase(sign, tokens.end());
  return tokens;
}

bool integer(const Formula& f) {
  return f.text().find_first_not_of("0123456789") == std::string::npos;
}
Formula one() {
  return Formula::number("1");
}
Formula hundred() {
  return Formula::number("100");
}

// By how much `whole` changes: a percentage is one of the whole.
Formula change(const Formula& by, const Formula& whole) {
  if (!by.is_percent()) return by;
  return Formula::percent_of(Formula::number(by.text().substr(0, by.text().size() - 1)), whole);
}

}  // namespace

EnglishMath::EnglishMath(std::vector<MathToken> tokens, std::optional<std::string_view> previous)
    : MathParser(cut_at_equals(drop_fillers(read_english_numbers(read_phrases(std::move(tokens))))),
                 previous) {}

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
    return up ? left + change(*by, left) : left - change(*by, left);
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
    return increase ? *whole + change(*rate, *whole) : *whole - change(*rate, *whole);
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
        left = plus ? *left + change(*right, *left) : *left - change(*right, *left);
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

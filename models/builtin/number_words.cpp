#include "models/builtin/number_words.h"

#include "models/builtin/utf8.h"

#include <array>
#include <utility>

namespace troupe::models::builtin {

namespace {

using Kind = MathToken::Kind;
struct Named {
  std::string_view word;
  long long value;
};

constexpr std::array kUnits{
    Named{"zero", 0},     Named{"one", 1},        Named{"two", 2},       Named{"three", 3},
    Named{"four", 4},     Named{"five", 5},       Named{"six", 6},       Named{"seven", 7},
    Named{"eight", 8},    Named{"nine", 9},       Named{"ten", 10},      Named{"eleven", 11},
    Named{"twelve", 12},  Named{"thirteen", 13},  Named{"fourteen", 14}, Named{"fifteen", 15},
    Named{"sixteen", 16}, Named{"seventeen", 17}, Named{"eighteen", 18}, Named{"nineteen", 19}};
constexpr std::array kTens{Named{"twenty", 20}, Named{"thirty", 30}, Named{"forty", 40},
                           Named{"fifty", 50},  Named{"sixty", 60},  Named{"seventy", 70},
                           Named{"eighty", 80}, Named{"ninety", 90}};
constexpr std::array kScales{Named{"thousand", 3}, Named{"million", 6}, Named{"billion", 9},
                             Named{"trillion", 12}};
constexpr std::array kOrdinals{Named{"third", 3}, Named{"fourth", 4},  Named{"fifth", 5},
                               Named{"sixth", 6}, Named{"seventh", 7}, Named{"eighth", 8},
                               Named{"ninth", 9}, Named{"tenth", 10}};

template <std::size_t N>
std::optional<long long> value_of(const std::array<Named, N>& table, std::string_view word) {
  for (const Named& entry : table)
    if (entry.word == word) return entry.value;
  return std::nullopt;
}

// Reads one number out of words, from a given place on.
class WordNumber {
 public:
  WordNumber(const std::vector<MathToken>& tokens, std::size_t at) : tokens_(tokens), at_(at) {}

  bool read() {
    bool any = false;
    for (;;) {
      if (auto unit = value_of(kUnits, word())) {
        // "two three" is two numbers, "twenty three" is one.
        if (last_ == Last::unit || last_ == Last::hundred_unit) break;
        if (last_ == Last::tens && (*unit == 0 || *unit > 9)) break;
        group_ += *unit;
        last_ = Last::unit;
      } else if (auto tens = value_of(kTens, word())) {
        if (last_ == Last::unit || last_ == Last::tens) break;
        group_ += *tens;
        last_ = Last::tens;
      } else if (word() == "hundred" && group_ < 100) {
        group_ = group_ == 0 ? 100 : group_ * 100;
        last_ = Last::hundred;
      } else if (auto zeros = value_of(kScales, word())) {
        long long factor = 1;
        for (long long i = 0; i < *zeros; ++i) factor *= 10;
        if (total_ != 0 && factor >= smallest_) break;
        smallest_ = factor;
        total_ += (group_ == 0 ? 1 : group_) * factor;
        group_ = 0;
        last_ = Last::scale;
      } else if (any && word() == "and" && (last_ == Last::hundred || last_ == Last::scale) &&
                 counts(at_ + 1)) {
        // the "and" of "one hundred and five", not the one of "a hundred and a thousand"
      } else {
        break;
      }
      any = true;
      ++at_;
    }
    return any;
  }

  std::size_t end() const { return at_; }
  std::string digits() const { return std::to_string(total_ + group_); }

 private:
  enum class Last { none, unit, hundred_unit, tens, hundred, scale };

  std::string_view word(std::size_t at) const {
    return at < tokens_.size() && tokens_[at].kind == Kind::word ? std::string_view(tokens_[at].text)
                                                                 : std::string_view();
  }
  std::string_view word() const { return word(at_); }
  bool counts(std::size_t at) const { return value_of(kUnits, word(at)) || value_of(kTens, word(at)); }

  const std::vector<MathToken>& tokens_;
  std::size_t at_;
  long long total_ = 0;
  long long group_ = 0;
  long long smallest_ = 1'000'000'000'000'000;
  Last last_ = Last::none;
};

}  // namespace

std::string shift_decimal(std::string_view digits, int zeros) {
  if (digits.find('e') != std::string_view::npos)
    return std::string(digits) + " * 10^" + std::to_string(zeros);
  std::size_t point = digits.find('.');
  std::string whole(digits.substr(0, point));
  std::string rest(point == std::string_view::npos ? "" : digits.substr(point + 1));
  while (static_cast<int>(rest.size()) < zeros) rest += '0';
  whole += rest.substr(0, static_cast<std::size_t>(zeros));
  rest.erase(0, static_cast<std::size_t>(zeros));
  std::size_t leading = whole.find_first_not_of('0');
  whole.erase(0, leading == std::string::npos ? whole.size() - 1 : leading);
  return rest.empty() ? whole : whole + "." + rest;
}

std::vector<MathToken> read_english_numbers(std::vector<MathToken> tokens) {
  std::vector<MathToken> out;
  for (std::size_t i = 0; i < tokens.size();) {
    MathToken& token = tokens[i];
    bool is_word = token.kind == Kind::word;
    if (auto ordinal = is_word ? value_of(kOrdinals, token.text) : std::nullopt) {
      out.push_back({Kind::ordinal, std::to_string(*ordinal), token.glued});
      ++i;
    } else if (is_word && token.text == "dozen") {
      // "two dozen": the number before it is counted twelvefold
      if (!out.empty() && out.back().kind == Kind::number) out.push_back({Kind::times, "*", false});
      out.push_back({Kind::number, "12", false});
      ++i;
    } else if (auto zeros = is_word ? value_of(kScales, token.text) : std::nullopt;
               zeros && !out.empty() && out.back().kind == Kind::number) {
      out.back().text = shift_decimal(out.back().text, static_cast<int>(*zeros));
      ++i;
    } else if (is_word && token.text == "hundred" && !out.empty() && out.back().kind == Kind::number) {
      out.back().text = shift_decimal(out.back().text, 2);
      ++i;
    } else if (WordNumber number(tokens, i); is_word && number.read()) {
      std::string digits = number.digits();
      i = number.end();
      if (i + 1 < tokens.size() && tokens[i].kind == Kind::word && tokens[i].text == "point") {
        std::string decimals;
        std::size_t j = i + 1;
        for (; j < tokens.size() && tokens[j].kind == Kind::word; ++j) {
          auto unit = value_of(kUnits, tokens[j].text);
          if (!unit || *unit > 9) break;
          decimals += static_cast<char>('0' + *unit);
        }
        if (!decimals.empty()) {
          digits += "." + decimals;
          i = j;
        }
      }
      out.push_back({Kind::number, std::move(digits), false});
    } else {
      out.push_back(std::move(token));
      ++i;
    }
  }
  return out;
}

std::optional<long long> korean_number(std::string_view run) {
  static constexpr std::array kDigits{Named{"영", 0}, Named{"공", 0}, Named{"일", 1}, Named{"이", 2},
                                      Named{"삼", 3}, Named{"사", 4}, Named{"오", 5}, Named{"육", 6},
                                      Named{"칠", 7}, Named{"팔", 8}, Named{"구", 9}};
  static constexpr std::array kSmall{Named{"십", 10}, Named{"백", 100}, Named{"천", 1000}};
  static constexpr std::array kLarge{Named{"만", 10'000}, Named{"억", 100'000'000},
                                     Named{"조", 1'000'000'000'000}};
  static constexpr std::array kNativeTens{Named{"열", 10},   Named{"스물", 20}, Named{"서른", 30},
                                          Named{"마흔", 40}, Named{"쉰", 50},   Named{"예순", 60},
                                          Named{"일흔", 70}, Named{"여든", 80}, Named{"아흔", 90}};
  static constexpr std::array kNative{Named{"하나", 1}, Named{"둘", 2},   Named{"셋", 3},
                                      Named{"넷", 4},   Named{"다섯", 5}, Named{"여섯", 6},
                                      Named{"일곱", 7}, Named{"여덟", 8}, Named{"아홉", 9}};
  auto starts = [&](const auto& table) -> const Named* {
    for (const Named& entry : table)
      if (run.starts_with(entry.word)) return &entry;
    return nullptr;
  };

  if (const Named* tens = starts(kNativeTens)) {
    run.remove_prefix(tens->word.size());
    if (run.empty()) return tens->value;
    const Named* unit = starts(kNative);
    if (unit && run.size() == unit->word.size()) return tens->value + unit->value;
    return std::nullopt;
  }
  if (const Named* unit = starts(kNative))
    return run.size() == unit->word.size() ? std::optional(unit->value) : std::nullopt;

  long long total = 0, group = 0, digit = -1;
  if (run.empty() || run.size() > 60) return std::nullopt;  // longer ones would not fit a long long
  while (!run.empty()) {
    if (const Named* d = starts(kDigits)) {
      if (digit >= 0) return std::nullopt;
      digit = d->value;
      run.remove_prefix(d->word.size());
    } else if (const Named* s = starts(kSmall)) {
      group += (digit < 0 ? 1 : digit) * s->value;
      digit = -1;
      run.remove_prefix(s->word.size());
    } else if (const Named* l = starts(kLarge)) {
      group += digit < 0 ? 0 : digit;
      total += (group == 0 ? 1 : group) * l->value;
      group = 0;
      digit = -1;
      run.remove_prefix(l->word.size());
    } else {
      return std::nullopt;
    }
  }
  return total + group + (digit < 0 ? 0 : digit);
}

}  // namespace troupe::models::builtin

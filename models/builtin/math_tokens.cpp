#include "models/builtin/math_tokens.h"

#include "models/builtin/utf8.h"

#include <algorithm>
#include <array>

namespace troupe::models::builtin {

namespace {

using Kind = MathToken::Kind;

class Lexer {
 public:
  Lexer(std::string_view text, std::size_t tokens_max) : text_(text), tokens_max_(tokens_max) {}

  std::vector<MathToken> run() {
    while (at_ < text_.size()) {
      if (tokens_.size() >= tokens_max_) {
        add(Kind::unknown, "");
        break;
      }
      next();
    }
    return std::move(tokens_);
  }

 private:
  void add(Kind kind, std::string value) {
    tokens_.push_back({kind, std::move(value), !blank_});
    blank_ = false;
    superscript_open_ = false;
  }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool after_value() const {
    return !tokens_.empty() && (tokens_.back().kind == Kind::number || tokens_.back().kind == Kind::close);
  }

  void next() {
    char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)) && !after_value())) return number();
    if (is_letter(c)) return word();
    if (static_cast<unsigned char>(c) >= 0x80) return wide();
    ++at_;
    switch (c) {
      case '+':
        return add(Kind::plus, "+");
      case '-':
        return hyphen();
      case '*':
        return star();
      case '/':
        return add(Kind::over, "/");
      case '^':
        return add(Kind::power, "^");
      case '%':
        return add(Kind::percent, "%");
      case '(':
      case '[':
        return add(Kind::open, "(");
      case ')':
      case ']':
        return add(Kind::close, ")");
      case '=':
        return add(Kind::equals, "=");
      case ',':
      case ';':
        return add(Kind::comma, ",");
      case '!':
        return exclamation();
      default:
        blank_ = true;  // blanks, quotes, full stops, currency signs, question marks
    }
  }

  // "1,234,567.5e6", an ordinal such as "10th", or the "x" of "12x3".
  void number() {
    std::string digits;
    auto take_digits = [&] {
      while (is_digit(peek())) digits += text_[at_++];
    };
    take_digits();
    bool grouped = digits.size() <= 3;
    while (grouped && peek() == ',' && is_digit(peek(1)) && is_digit(peek(2)) && is_digit(peek(3)) &&
           !is_digit(peek(4))) {
      ++at_;
      take_digits();
    }
    if (peek() == '.' && is_digit(peek(1))) {
      digits += text_[at_++];
      take_digits();
    }
    if ((peek() == 'e' || peek() == 'E') &&
        (is_digit(peek(1)) || ((peek(1) == '-' || peek(1) == '+') && is_digit(peek(2))))) {
      digits += 'e';
      ++at_;
      if (peek() == '-' || peek() == '+') digits += text_[at_++];
      take_digits();
    }
    if (digits.front() == '.') digits.insert(digits.begin(), '0');
    if (ordinal_suffix()) {
      at_ += 2;
      return add(Kind::ordinal, std::move(digits));
    }
    add(Kind::number, std::move(digits));
    if ((peek() == 'x' || peek() == 'X') && is_digit(peek(1))) {
      ++at_;
      add(Kind::times, "*");
    }
  }

  bool ordinal_suffix() const {
    static constexpr std::array<std::string_view, 4> kSuffixes{"st", "nd", "rd", "th"};
    std::string two = lower(text_.substr(at_, 2));
    return std::ranges::find(kSuffixes, two) != kSuffixes.end() && !is_letter(peek(2));
  }

  void word() {
    std::size_t from = at_;
    // Digits stay in a word ("log2", "sha256"), an apostrophe only between letters ("what's").
    while (is_letter(peek()) || is_digit(peek()) || (peek() == '\'' && is_letter(peek(1)))) ++at_;
    std::string w = lower(text_.substr(from, at_ - from));
    if (w == "x" && after_value()) return add(Kind::times, "*");
    add(Kind::word, std::move(w));
  }

  void hyphen() {
    // "twenty-five" is one number, "to-the" is two words: a hyphen between letters is a blank.
    bool between_letters = at_ >= 2 && is_letter(text_[at_ - 2]) && is_letter(peek());
    if (between_letters) {
      blank_ = true;
      return;
    }
    add(Kind::minus, "-");
  }

  void star() {
    if (peek() == '*') {
      ++at_;
      return add(Kind::power, "^");
    }
    add(Kind::times, "*");
  }

  void exclamation() {
    // "5!" is a factorial, "Hello!" is not; neither is the second mark of "5!!!".
    bool repeated = peek() == '!' || (at_ >= 2 && text_[at_ - 2] == '!');
    if (after_value() && !blank_ && !repeated) return add(Kind::factorial, "!");
    blank_ = true;
  }

  void superscript(char digit) {
    if (!tokens_.empty() && tokens_.back().kind == Kind::number && superscript_open_) {
      tokens_.back().text += digit;
      return;
    }
    add(Kind::power, "^");
    add(Kind::number, std::string(1, digit));
    superscript_open_ = true;
  }

  void wide() {
    CodePoint point = code_point_at(text_, at_);
    char32_t c = point.value;
    if (is_hangul(c)) return korean();
    at_ += point.bytes;
    switch (c) {
      case U'×':
      case U'∙':
      case U'·':
      case U'⋅':
      case U'✕':
      case U'∗':
        return add(Kind::times, "*");
      case U'÷':
      case U'∕':
      case U'⁄':
        return add(Kind::over, "/");
      case U'−':
      case U'–':
      case U'—':
      case U'-':
        return add(Kind::minus, "-");
      case U'+':
        return add(Kind::plus, "+");
      case U'=':
        return add(Kind::equals, "=");
      case U'(':
        return add(Kind::open, "(");
      case U')':
        return add(Kind::close, ")");
      case U'%':
        return add(Kind::percent, "%");
      case U'√':
        return add(Kind::word, "sqrt");
      case U'∛':
        return add(Kind::word, "cbrt");
      case U'π':
        return add(Kind::word, "pi");
      case U'°':
        return add(Kind::degree, "°");
      case U'½':
        return add(Kind::word, "half");
      case U'¼':
        return add(Kind::word, "quarter");
      case U'¹':
        return superscript('1');
      case U'²':
        return superscript('2');
      case U'³':
        return superscript('3');
      case U'⁰':
        return superscript('0');
      default:
        break;
    }
    if (c >= U'⁴' && c <= U'⁹') return superscript(static_cast<char>('4' + (c - U'⁴')));
    if (c >= U'0' && c <= U'9') return full_width(c);
    if (!is_word_character(c)) {
      blank_ = true;
      return;
    }
    add(Kind::unknown, "");
    while (at_ < text_.size()) {  // the rest of the foreign word
      CodePoint more = code_point_at(text_, at_);
      if (!is_word_character(more.value) || is_hangul(more.value) || more.value < 0x80) break;
      at_ += more.bytes;
    }
  }

  void full_width(char32_t c) {
    char digit = static_cast<char>('0' + (c - U'0'));
    if (!blank_ && !tokens_.empty() && tokens_.back().kind == Kind::number) {
      tokens_.back().text += digit;
      return;
    }
    add(Kind::number, std::string(1, digit));
  }

  void korean() {
    std::size_t from = at_;
    while (at_ < text_.size()) {
      CodePoint point = code_point_at(text_, at_);
      if (!is_hangul(point.value)) break;
      at_ += point.bytes;
    }
    add(Kind::korean, std::string(text_.substr(from, at_ - from)));
  }

  std::string_view text_;
  std::size_t tokens_max_;
  std::size_t at_ = 0;
  bool blank_ = true;
  bool superscript_open_ = false;
  std::vector<MathToken> tokens_;
};

}  // namespace

std::vector<MathToken> math_tokens(std::string_view text, std::size_t tokens_max) {
  return Lexer(text, tokens_max).run();
}

}  // namespace troupe::models::builtin

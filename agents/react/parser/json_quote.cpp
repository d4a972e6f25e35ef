#include "agents/react/parser/json_quote.h"

#include "agents/react/parser/bytes.h"

namespace troupe::agents {

namespace {

using Verdict = QuoteLook::Verdict;

// A longer run without a colon is prose, not a key.
constexpr std::size_t kKeyBytes = 64;

bool opens_value(char c) {
  return is_quote(c) || is_digit(c) || c == '-' || c == '{' || c == '[' || c == '(' || c == ']';
}

}  // namespace

Verdict QuoteLook::look(std::string_view all, bool at_end) {
  while (position_ < all.size()) {
    Verdict verdict = byte(all[position_++]);
    if (verdict != Verdict::undecided) return verdict;
  }
  return at_end ? ended() : Verdict::undecided;
}

Verdict QuoteLook::ended() const {
  switch (state_) {
    case State::word:
    case State::after_word:
    case State::after_quoted:
      return Verdict::inner;
    case State::element_word:
      return number_ ? Verdict::closes : Verdict::inner;
    default:
      return Verdict::closes;
  }
}

Verdict QuoteLook::byte(char c) {
  bool skips_blanks = state_ != State::word && state_ != State::element_word && state_ != State::quoted &&
                      state_ != State::after_slash;
  if (skips_blanks && is_blank(c)) {
    if (state_ != State::after_quoted && state_ != State::after_word) {
      spaced_ = true;
      new_line_ = new_line_ || c == '\n';
    }
    return Verdict::undecided;
  }
  switch (state_) {
    case State::after_quote:
      return place_.role == QuotePlace::Role::key ? after_key_quote(c) : after_quote(c);
    case State::after_comma:
      return after_comma(c);
    case State::after_plus:
      joined_ = position_;
      return is_quote(c) ? Verdict::joins : Verdict::inner;
    case State::after_slash:
      return c == '/' || c == '*' ? Verdict::closes : Verdict::inner;
    case State::word:
      return word(c);
    case State::element_word:
      return element_word(c);
    case State::after_word:
      return after_word(c);
    case State::quoted:
      return quoted(c);
    case State::after_quoted:
      return after_quoted(c);
    case State::second_quote:
      return second_quote(c);
  }
  return Verdict::inner;
}

Verdict QuoteLook::after_key_quote(char c) {
  if (c == ':' || c == ',' || c == '}' || c == '=' || new_line_) return Verdict::closes;
  if (place_.empty && !spaced_ && is_word(c)) return Verdict::doubled;
  return is_quote(c) && !place_.empty ? Verdict::closes : Verdict::inner;
}

Verdict QuoteLook::after_quote(char c) {
  if (place_.empty && !spaced_) {
    if (c == mark_) return Verdict::tripled;
    if (is_word(c)) return Verdict::doubled;
  }
  bool member = place_.role == QuotePlace::Role::member;
  switch (c) {
    case ',':
      if (place_.role == QuotePlace::Role::alone || (!member && !place_.dirty)) return Verdict::closes;
      comma_ = true;
      return go(State::after_comma);
    case '}':
      return place_.in_object ? Verdict::closes : Verdict::inner;
    case ']':
      return place_.in_array ? Verdict::closes : Verdict::inner;
    case ')':
      return place_.in_parentheses ? Verdict::closes : Verdict::inner;
    case ':':
      return member ? Verdict::inner : Verdict::closes;
    case '+':
      return go(State::after_plus);
    case '/':
      return go(State::after_slash);
    case '#':
    case '`':
      return spaced_ || !place_.dirty ? Verdict::closes : Verdict::inner;
    default:
      break;
  }
  if (place_.role == QuotePlace::Role::alone)
    return is_word(c) || is_quote(c) ? Verdict::inner : Verdict::closes;
  if (is_quote(c)) {
    second_ = c;
    joined_ = position_;
    return go(member ? State::quoted : State::second_quote);
  }
  if (!is_word(c)) return Verdict::inner;
  length_ = 1;
  number_ = is_digit(c);
  return go(member ? State::word : State::element_word);
}

Verdict QuoteLook::after_comma(char c) {
  if (c == '}' || c == ']' || c == '/' || c == '#') return Verdict::closes;
  if (place_.role == QuotePlace::Role::element) return opens_value(c) ? Verdict::closes : Verdict::inner;
  if (is_quote(c)) {
    if (!place_.dirty) return Verdict::closes;
    second_ = c;
    return go(State::quoted);
  }
  if (is_word(c)) {
    length_ = 1;
    return go(State::word);
  }
  return place_.dirty ? Verdict::inner : Verdict::closes;
}

// ["one" two, "three"]: the comma after `one` and the quotes of `two` are missing.
Verdict QuoteLook::element_word(char c) {
  if (++length_ > kKeyBytes) return Verdict::inner;
  if (is_word(c) || c == ' ') return Verdict::undecided;
  bool ends = c == ']' || c == '}' || (c == ',' && !place_.dirty);
  return ends ? Verdict::closes : Verdict::inner;
}

Verdict QuoteLook::word(char c) {
  if (++length_ > kKeyBytes) return Verdict::inner;
  if (c == '}' && !comma_ && !place_.dirty) return Verdict::closes;  // {"key": "value" stray}
  if (is_word(c)) return Verdict::undecided;
  if (c == ' ') return word_spaced_ = true, Verdict::undecided;
  if (is_quote(c)) {
    word_quoted_ = true;
    return go(State::after_word);
  }
  return after_word(c);
}

// An unquoted key, or one whose opening quote is the very quote in question.
Verdict QuoteLook::after_word(char c) {
  if (c != ':' && !(c == '=' && place_.keywords)) return Verdict::inner;
  if (new_line_ || comma_) return word_spaced_ ? Verdict::inner : Verdict::closes;
  return word_quoted_ ? Verdict::opens_key : Verdict::inner;
}

Verdict QuoteLook::quoted(char c) {
  if (c == second_) return go(State::after_quoted);
  bool key = ++length_ <= kKeyBytes;
  // Only a string on the next line can be the rest of this one, and that may be long.
  return c != '\n' && (key || (new_line_ && !comma_)) ? Verdict::undecided : Verdict::inner;
}

Verdict QuoteLook::after_quoted(char c) {
  if (c == ':' && length_ <= kKeyBytes) return Verdict::closes;
  bool ends = c == ',' || c == '}' || c == ']' || is_quote(c);
  return ends && new_line_ && !comma_ ? Verdict::joins : Verdict::inner;
}

Verdict QuoteLook::second_quote(char c) {
  bool odd_one = !new_line_ && (c == ',' || c == ']' || c == '}');
  return odd_one ? Verdict::inner : Verdict::closes;
}

}  // namespace troupe::agents

#include "agents/react/parser/label_scanner.h"

#include "agents/react/parser/bytes.h"

#include <algorithm>
#include <array>

namespace troupe::agents {

namespace {

constexpr auto kSorted = [] {
  auto words = std::to_array(kLabelWords);
  std::ranges::sort(words, {}, &LabelWord::word);
  return words;
}();
static_assert(std::ranges::adjacent_find(kSorted, {}, &LabelWord::word) == kSorted.end(),
              "a label stands twice");

constexpr std::size_t kLabelBytes = 96;  // with decoration; the longest label has 36

bool decorates(char c) {
  return c == '*' || c == '_' || c == '#' || c == '>' || c == '`' || is_indent(c);
}

// The lower-case form of a two-byte letter: Latin-1 and Cyrillic, of which labels begin with capitals.
void fold(char& lead, char& c) {
  auto a = static_cast<unsigned char>(lead), b = static_cast<unsigned char>(c);
  if (a == 0xC3 && b >= 0x80 && b <= 0x9E) c = static_cast<char>(b + 0x20);
  if (a == 0xD0 && b >= 0x90 && b <= 0x9F) c = static_cast<char>(b + 0x20);
  if (a == 0xD0 && b >= 0xA0 && b <= 0xAF) lead = '\xD1', c = static_cast<char>(b - 0x20);
  if (a == 0xC4 && b == 0x90) c = '\x91';
}

}  // namespace

LabelScanner::LabelScanner() : high_(kSorted.size()) {}

LabelScanner::Verdict LabelScanner::byte(char c) {
  if (++bytes_ > kLabelBytes) return Verdict::none;
  switch (state_) {
    case State::decoration:
      return decoration(c);
    case State::words:
      return words(c);
    case State::after_words:
      return after_words(c);
    case State::wide_colon:
      if (c != (wide_ == 1 ? '\xBC' : '\x9A')) return Verdict::none;
      return ++wide_ == 3 ? colon() : Verdict::undecided;
    case State::after_colon:
      return Verdict::none;
  }
  return Verdict::none;
}

LabelScanner::Verdict LabelScanner::decoration(char c) {
  bool marks = number_ ? c == '.' || c == ')' : c == '-' && !listed_;
  if (marks) {
    number_ = false;
    listed_ = decorated_ = true;
    return Verdict::undecided;
  }
  if (is_digit(c) && !listed_) return number_ = true, Verdict::undecided;
  if (number_) return Verdict::none;
  if (decorates(c)) {
    if (!is_blank(c) && c != '`') decorated_ = true;
    spaced_ = is_blank(c);
    return Verdict::undecided;
  }
  if (listed_ && !spaced_) return Verdict::none;
  state_ = State::words;
  return words(c);
}

LabelScanner::Verdict LabelScanner::words(char c) {
  if (column_ > 0 && (is_digit(c) || (c == '#' && blank_))) return Verdict::undecided;  // Action 2, Action #2
  if (c == ' ' || c == '\t' || c == '_' || c == '-') {
    if (column_ == 0) return Verdict::none;
    // `Action_Input` and `**Action** :` both go on; which it is shows in the next byte.
    blank_ = true;
    return Verdict::undecided;
  }
  bool wide = c == '\xEF' && lead_ == 0;
  if (c == ':' || c == '*' || c == '`' || c == '\n' || wide) {
    if (lead_ != 0 || column_ == 0) return Verdict::none;
    state_ = State::after_words;
    return after_words(c);
  }
  return letter(c) ? Verdict::undecided : Verdict::none;
}

LabelScanner::Verdict LabelScanner::after_words(char c) {
  if (c == ':') return colon();
  if (c == '\xEF') {
    wide_ = 1;
    state_ = State::wide_colon;
    return Verdict::undecided;
  }
  if (c == '\n' && decorated_ && !listed_ && found()) {
    heading_ = true;
    return colon();
  }
  return decorates(c) && c != '>' ? Verdict::undecided : Verdict::none;
}

LabelScanner::Verdict LabelScanner::colon() {
  auto label = found();
  if (!label) return Verdict::none;
  label_ = *label;
  return Verdict::label;
}

bool LabelScanner::letter(char c) {
  if (lead_ != 0) {
    char lead = lead_;
    lead_ = 0;
    fold(lead, c);
    return narrow(lead) && narrow(c);
  }
  if (blank_) {
    blank_ = false;
    if (!narrow(' ')) return false;
  }
  if (c == '\xC3' || c == '\xC4' || c == '\xD0') return lead_ = c, true;
  return narrow(lower(c));
}

// Keeps the words that have `c` in this column.
bool LabelScanner::narrow(char c) {
  auto at = [this](const LabelWord& word) {
    return word.word.size() > column_ ? static_cast<int>(static_cast<unsigned char>(word.word[column_])) : -1;
  };
  auto begin = kSorted.begin() + static_cast<std::ptrdiff_t>(low_);
  auto end = kSorted.begin() + static_cast<std::ptrdiff_t>(high_);
  auto [first, last] =
      std::ranges::equal_range(begin, end, static_cast<int>(static_cast<unsigned char>(c)), {}, at);
  low_ = static_cast<std::size_t>(first - kSorted.begin());
  high_ = static_cast<std::size_t>(last - kSorted.begin());
  ++column_;
  return low_ < high_;
}

std::optional<Label> LabelScanner::found() const {
  const LabelWord& first = kSorted[low_];  // the shortest of those that match
  if (first.word.size() != column_) return std::nullopt;
  return first.label;
}

std::optional<Label> label_of(std::string_view text) {
  LabelScanner scanner;
  for (char c : text)
    if (scanner.byte(c) != LabelScanner::Verdict::undecided) return std::nullopt;
  return scanner.byte(':') == LabelScanner::Verdict::label ? std::optional(scanner.label()) : std::nullopt;
}

std::size_t label_tail(std::string_view text) {
  std::size_t held = 0;
  std::size_t begin = text.size() - std::min(text.size(), kInlineLabelBytes);
  int words = 0;
  for (std::size_t at = text.size(); at-- > begin && words < kInlineLabelWords;) {
    if (is_blank(text[at]) || (at > 0 && !is_blank(text[at - 1]))) continue;
    ++words;
    if (text[at] >= 'a' && text[at] <= 'z') continue;
    LabelScanner scanner;
    bool possible = std::ranges::all_of(
        text.substr(at), [&](char c) { return scanner.byte(c) == LabelScanner::Verdict::undecided; });
    if (possible) held = text.size() - at;
  }
  while (held > 0 && held < text.size() && is_blank(text[text.size() - held - 1])) ++held;
  return held;
}

}  // namespace troupe::agents

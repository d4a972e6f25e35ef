#include "agents/teams/conversation/said_before.h"

#include "agents/react/parser/bytes.h"
#include "agents/teams/conversation/limits.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace troupe::agents {

namespace {

constexpr std::uint64_t kFnvBasis = 14695981039346656037ull;
constexpr std::uint64_t kFnvPrime = 1099511628211ull;

std::uint64_t mixed(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return hash;
}

bool stays(std::string_view text, std::size_t i) {
  const char c = text[i];
  if (is_letter(c) || is_digit(c)) return true;
  const bool digit_after = i + 1 < text.size() && is_digit(text[i + 1]);
  if (c == '.' || c == ',') return digit_after && i > 0 && is_digit(text[i - 1]);
  if (c == '-') return digit_after && (i == 0 || is_blank(text[i - 1]));
  return false;
}

}  // namespace

std::uint64_t text_mark(std::string_view text) {
  return mixed(kFnvBasis, text);
}

std::string plain_text(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  bool gap = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!stays(text, i)) {
      gap = true;
      continue;
    }
    if (gap && !plain.empty()) plain += ' ';
    gap = false;
    plain += lower(text[i]);
  }
  return plain;
}

bool SaidBefore::add(const std::string& speaker, std::string_view text) {
  const std::string plain = plain_text(text);
  Texts& texts = speakers_[speaker];
  bool before = !texts.all.insert(text_mark(plain)).second;
  if (plain.size() > limits::kNearTextBytes) return before;
  Shape shape = shape_of(plain);
  before =
      before || std::ranges::any_of(texts.last, [&](const Shape& old) { return nearly_same(old, shape); });
  texts.last.push_back(std::move(shape));
  if (texts.last.size() > limits::kNearTexts) texts.last.pop_front();
  return before;
}

SaidBefore::Shape SaidBefore::shape_of(std::string_view plain) {
  Shape shape{.numbers = kFnvBasis};
  std::string_view previous;
  while (!plain.empty()) {
    const std::string_view word = plain.substr(0, plain.find(' '));
    plain.remove_prefix(std::min(plain.size(), word.size() + 1));
    if (std::ranges::any_of(word, is_digit)) shape.numbers = mixed(mixed(shape.numbers, word), " ");
    if (!previous.empty()) shape.pairs.push_back(mixed(mixed(text_mark(previous), " "), word));
    previous = word;
  }
  std::ranges::sort(shape.pairs);
  return shape;
}

bool SaidBefore::nearly_same(const Shape& a, const Shape& b) {
  if (a.numbers != b.numbers || a.pairs.empty() || b.pairs.empty()) return false;
  std::size_t common = 0;
  for (auto x = a.pairs.begin(), y = b.pairs.begin(); x != a.pairs.end() && y != b.pairs.end();) {
    if (*x == *y)
      ++common, ++x, ++y;
    else if (*x < *y)
      ++x;
    else
      ++y;
  }
  return 2.0 * static_cast<double>(common) >=
         limits::kNearlySame * static_cast<double>(a.pairs.size() + b.pairs.size());
}

}  // namespace troupe::agents

#include "tools/builtin/text/sentences.h"

#include <algorithm>
#include <cctype>

namespace troupe::tools {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// The word that ends right before the point at `at`.
std::string_view word_before(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && !is_blank(text[begin - 1]) && text[begin - 1] != '(') --begin;
  return text.substr(begin, at - begin);
}

// A point behind these does not end a sentence.
bool abbreviation(std::string_view word) {
  static constexpr std::string_view kKnown[] = {
      "Dr",  "Mr", "Mrs",  "Ms", "St",  "Prof", "Sr",     "Jr",  "vs",  "etc", "No",  "Vol", "pp",
      "p",   "c",  "ca",   "cf", "e.g", "i.e",  "approx", "est", "b",   "d",   "fl",  "r",   "Inc",
      "Ltd", "Co", "Corp", "Mt", "Ft",  "Gen",  "Col",    "Lt",  "Sgt", "Gov", "Sen", "Rep", "Rev"};
  if (std::find(std::begin(kKnown), std::end(kKnown), word) != std::end(kKnown)) return true;
  // Initials: "J", "U.S", "A.D".
  if (word.empty() || word.size() > 7 || word.size() % 2 == 0) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if (i % 2 == 0 ? !std::isupper(static_cast<unsigned char>(word[i])) : word[i] != '.') return false;
  return true;
}

// Length of an ideographic full stop, exclamation or question mark at `at`; 0 for anything else.
std::size_t wide_stop(std::string_view text, std::size_t at) {
  const std::string_view here = text.substr(at, 3);
  return here == "。" || here == "！" || here == "？" ? 3 : 0;
}

// Where a sentence that ends with the stop at `at` is over, closing quotes and brackets included; 0 when it
// does not end.
std::size_t end_at(std::string_view text, std::size_t at) {
  if (const std::size_t wide = wide_stop(text, at)) return at + wide;
  const char c = text[at];
  if (c != '.' && c != '!' && c != '?') return 0;
  std::size_t end = at + 1;
  while (end < text.size() &&
         (text[end] == '"' || text[end] == '\'' || text[end] == ')' || text[end] == ']' || text[end] == c))
    ++end;
  if (text.substr(end, 3) == "”" || text.substr(end, 3) == "’") end += 3;
  if (end == text.size()) return end;
  if (!is_blank(text[end])) return 0;
  if (c == '.' && abbreviation(word_before(text, at))) return 0;
  const auto next = text.find_first_not_of(" \t", end);
  if (next == std::string_view::npos) return end;
  // A lower-case letter goes on with the sentence: "approx. 5", "Yahoo! was".
  return std::islower(static_cast<unsigned char>(text[next])) ? 0 : end;
}

}  // namespace

std::vector<std::string_view> split_sentences(std::string_view text) {
  std::vector<std::string_view> sentences;
  std::size_t begin = 0;
  const auto close = [&](std::size_t end) {
    const std::string_view sentence = trimmed(text.substr(begin, end - begin));
    if (!sentence.empty()) sentences.push_back(sentence);
    begin = end;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      close(i);
    } else if (const std::size_t end = end_at(text, i)) {
      close(end);
      i = end - 1;
    }
  }
  close(text.size());
  return sentences;
}

}  // namespace troupe::tools

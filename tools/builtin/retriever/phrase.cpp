#include "tools/builtin/retriever/phrase.h"

#include "memory/knowledge/keyword/term_characters.h"

#include <algorithm>

namespace troupe::tools {

namespace {

constexpr std::u32string_view kBlanks = U" \t\r\n\f\v";
constexpr std::u32string_view kDoubleQuotes = U"“”„‟«»";
constexpr std::u32string_view kSingleQuotes = U"‘’‚‛‹›`´";

// Scripts without blanks between words have none where a line ends, either.
bool joins(char32_t c) {
  return memory::term_character(c) == memory::TermCharacter::ideograph;
}

std::u32string form_of(std::string_view text) {
  std::u32string form;
  bool blank = false;
  for (char32_t c : memory::fold_for_terms(text)) {
    if (kBlanks.contains(c)) {
      blank = true;
      continue;
    }
    if (kDoubleQuotes.contains(c)) c = U'"';
    if (kSingleQuotes.contains(c)) c = U'\'';
    if (blank && !form.empty() && !(joins(form.back()) && joins(c))) form += U' ';
    blank = false;
    form += c;
  }
  return form;
}

}  // namespace

Phrase::Phrase(std::string_view words) : form_(form_of(words)) {
  const auto around = [](char32_t c) { return c == U'"' || c == U'\'' || c == U' '; };
  form_.erase(std::find_if_not(form_.rbegin(), form_.rend(), around).base(), form_.end());
  form_.erase(form_.begin(), std::ranges::find_if_not(form_, around));
}

bool Phrase::stands_in(std::string_view text) const {
  return !form_.empty() && form_of(text).contains(form_);
}

}  // namespace troupe::tools

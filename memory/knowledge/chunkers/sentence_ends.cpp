#include "memory/knowledge/chunkers/sentence_ends.h"

#include "memory/knowledge/chunkers/icu_iterators.h"
#include "memory/knowledge/chunkers/markdown_lines.h"
#include "memory/knowledge/chunkers/span.h"

#include <algorithm>
#include <array>
#include <string>
#include <unicode/uchar.h>

namespace troupe::memory::chunkers {

namespace {

// Columns of a line that ends because the paper did; one of East Asia's wide characters has two.
constexpr std::size_t kWrappedMin = 40;
constexpr std::size_t kWrappedMax = 120;

// After which a sentence goes on: names, references and firms, and a few that German, French and Spanish
// texts are full of. None that may as well end a sentence ("etc.", "p.m."). ICU can leave out breaks after
// the abbreviations of CLDR, but does not ask where a word begins: "NATO." ends in "O.", which is one of
// them.
constexpr auto kAbbreviations = std::to_array<std::string_view>({
    "Dr.",   "Drs.",  "Mr.",   "Mrs.",    "Ms.",     "Messrs.", "Prof.", "St.",   "Jr.",  "Sr.",
    "Rev.",  "Hon.",  "Gen.",  "Adm.",    "Maj.",    "Col.",    "Capt.", "Cmdr.", "Lt.",  "Sgt.",
    "Pvt.",  "Gov.",  "Sen.",  "Rep.",    "Supt.",   "e.g.",    "E.g.",  "i.e.",  "I.e.", "cf.",
    "Cf.",   "vs.",   "ca.",   "approx.", "Approx.", "Fig.",    "fig.",  "Figs.", "Eq.",  "Eqs.",
    "Sec.",  "Ch.",   "Vol.",  "vol.",    "Ed.",     "Eds.",    "al.",   "Ph.D.", "Inc.", "Ltd.",
    "Corp.", "Bros.", "Dept.", "Univ.",   "Mt.",     "Ave.",    "Blvd.", "Abb.",  "bzw.", "z.B.",
    "d.h.",  "vgl.",  "Hr.",   "Fr.",     "Mme.",    "Mlle.",   "Sra.",  "Srta.",
});
// The same, where a number follows.
constexpr auto kBeforeNumbers = std::to_array<std::string_view>({
    "No.",  "no.",  "Nos.", "nos.", "Nr.",  "Art.", "p.",    "pp.",  "Jan.", "Feb.",
    "Mar.", "Apr.", "Jun.", "Jul.", "Aug.", "Sep.", "Sept.", "Oct.", "Nov.", "Dec.",
});

std::size_t columns(std::string_view line) {
  std::size_t count = 0;
  for (char byte : line) {
    const auto value = static_cast<unsigned char>(byte);
    count += (value & 0xC0) != 0x80;
    count += value >= 0xE1;  // where scripts of wide characters are, by and large
  }
  return count;
}

/// The sentence goes on from `line` to `next`.
bool is_wrapped(std::string_view line, std::string_view next) {
  std::size_t word = next.find_first_not_of(" \t");
  if (word == next.npos || begins_structure(next)) return false;
  const bool stopped = std::string_view(".!?:;").contains(line.empty() ? '.' : line.back());
  if (!stopped && u_islower(next_code_point(next, word))) return true;
  // Longer ones are not measured to their end.
  if (line.size() > 4 * kWrappedMax) return false;
  const std::size_t wide = columns(line);
  return wide >= kWrappedMin && wide <= kWrappedMax && !begins_structure(line);
}

/// The slice with a space for each line end that ends nothing.
std::string unwrapped(std::string_view slice) {
  std::string text(slice);
  std::size_t begin = 0;
  for (std::size_t end = slice.find('\n'); end != slice.npos; end = slice.find('\n', begin)) {
    const std::size_t next = std::min(slice.find('\n', end + 1), slice.size());
    if (is_wrapped(Span{begin, end}.of(slice), Span{end + 1, next}.of(slice))) text[end] = ' ';
    begin = end + 1;
  }
  return text;
}

bool has_letter(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (u_isalpha(next_code_point(text, at))) return true;
  }
  return false;
}

/// "…, J." but not "…, UNESCO."
bool ends_in_initial(std::string_view sentence) {
  if (!sentence.ends_with('.') || sentence.size() < 2) return false;
  const std::size_t letter = character_floor(sentence, sentence.size() - 2);
  std::size_t at = letter;
  if (!u_isupper(next_code_point(sentence, at))) return false;
  return letter == 0 || std::string_view(" \t\n.-(").contains(sentence[letter - 1]);
}

bool ends_in_abbreviation(std::string_view sentence, std::string_view rest) {
  if (!sentence.ends_with('.')) return false;
  const std::size_t before = sentence.find_last_of(" \t\n(");
  const std::string_view word = sentence.substr(before == sentence.npos ? 0 : before + 1);
  if (std::ranges::find(kAbbreviations, word) != kAbbreviations.end()) return true;
  const bool number = !rest.empty() && rest[0] >= '0' && rest[0] <= '9';
  return number && std::ranges::find(kBeforeNumbers, word) != kBeforeNumbers.end();
}

bool is_opening(std::string_view text, std::size_t at) {
  const auto kind = u_charType(next_code_point(text, at));
  return kind == U_START_PUNCTUATION || kind == U_INITIAL_PUNCTUATION;
}

/// Where no blank stands between them, ICU leaves the bracket that opens the next sentence with this one.
std::size_t without_opening(std::string_view text, Span sentence) {
  std::size_t end = sentence.end;
  for (std::size_t last = end; last > sentence.begin;) {
    last = character_floor(text, last - 1);
    if (!is_opening(text, last)) return end;
    end = last;
  }
  return sentence.end;
}

/// What ends at the end of `part`, of a sentence, is no end of the sentence.
bool goes_on(std::string_view text, Span part) {
  const std::string_view said = trimmed(text, part).of(text);
  return ends_in_initial(said) || ends_in_abbreviation(said, text.substr(part.end));
}

}  // namespace

void find_sentence_ends(std::string_view slice, std::vector<std::size_t>& ends) {
  const std::string text = unwrapped(slice);
  std::vector<std::size_t> found;
  find_icu_breaks(IcuBreak::sentence, text, found);
  std::size_t begin = 0;
  bool lettered = false;  // the sentence says something so far
  for (std::size_t end : found) {
    if (end < text.size()) end = without_opening(text, {begin, end});
    const Span part{begin, end};
    lettered = lettered || has_letter(part.of(text));
    begin = end;
    const bool stopped = end == text.size() || text[end - 1] == '\n';
    if (!stopped && (!lettered || goes_on(text, part))) continue;
    ends.push_back(end);
    lettered = false;
  }
}

}  // namespace troupe::memory::chunkers

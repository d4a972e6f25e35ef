#include "models/builtin/words.h"

#include "models/builtin/utf8.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace troupe::models::builtin {

namespace {

bool joins(std::string_view text, std::size_t at) {
  // An apostrophe, hyphen or full stop inside a word: "what's", "twenty-five", "U.S", "3.14"
  char c = text[at];
  if (c != '\'' && c != '-' && c != '.') return false;
  if (at == 0 || at + 1 >= text.size()) return false;
  auto wordy = [](char x) {
    return is_letter(x) || is_digit(x) || (static_cast<unsigned char>(x) & 0x80) != 0;
  };
  if (!wordy(text[at - 1]) || !wordy(text[at + 1])) return false;
  if (c != '.') return true;
  bool digits = is_digit(text[at - 1]) && is_digit(text[at + 1]);
  bool initials = is_letter(text[at - 1]) && is_letter(text[at + 1]) && (at < 2 || !is_letter(text[at - 2]));
  return digits || initials;
}

bool is_quote(char32_t c) {
  return c == '"' || c == U'“' || c == U'”' || c == U'«' || c == U'»' || c == U'「' || c == U'」' ||
         c == U'『' || c == U'』';
}

bool final_is_vowel_or_rieul(char32_t c) {
  return (c - 0xAC00) % 28 == 0 || (c - 0xAC00) % 28 == 8;
}

struct Particle {
  std::string_view text;
  enum class After { any, consonant, vowel, vowel_or_rieul, consonant_not_rieul } after;
};

// Longest first. Those that are as often the end of a noun (도, 만) are left alone.
constexpr std::array kParticles{
    Particle{"이라는", Particle::After::consonant},
    Particle{"이라고", Particle::After::consonant},
    Particle{"에서는", Particle::After::any},
    Particle{"에게서", Particle::After::any},
    Particle{"으로는", Particle::After::any},
    Particle{"에서의", Particle::After::any},
    Particle{"까지의", Particle::After::any},
    Particle{"에서", Particle::After::any},
    Particle{"에게", Particle::After::any},
    Particle{"한테", Particle::After::any},
    Particle{"으로", Particle::After::consonant_not_rieul},
    Particle{"까지", Particle::After::any},
    Particle{"부터", Particle::After::any},
    Particle{"에는", Particle::After::any},
    Particle{"이란", Particle::After::consonant},
    Particle{"라는", Particle::After::vowel},
    Particle{"라고", Particle::After::vowel},
    Particle{"이랑", Particle::After::consonant},
    Particle{"처럼", Particle::After::any},
    Particle{"보다", Particle::After::any},
    Particle{"은", Particle::After::consonant},
    Particle{"는", Particle::After::vowel},
    Particle{"을", Particle::After::consonant},
    Particle{"를", Particle::After::vowel},
    Particle{"이", Particle::After::consonant},
    Particle{"가", Particle::After::vowel},
    Particle{"과", Particle::After::consonant},
    Particle{"와", Particle::After::vowel},
    Particle{"란", Particle::After::vowel},
    Particle{"로", Particle::After::vowel_or_rieul},
    Particle{"의", Particle::After::any},
    Particle{"에", Particle::After::any},
};

bool agrees(Particle::After after, char32_t last) {
  if (!is_hangul(last)) return true;  // Latin letters and digits: "Lovelace는", "2024년에"
  switch (after) {
    case Particle::After::any:
      return true;
    case Particle::After::consonant:
      return has_final_consonant(last);
    case Particle::After::vowel:
      return !has_final_consonant(last);
    case Particle::After::vowel_or_rieul:
      return final_is_vowel_or_rieul(last);
    case Particle::After::consonant_not_rieul:
      return !final_is_vowel_or_rieul(last);
  }
  return true;
}

// "발명했어", "설립되었나요": what stands before 하- or 되- is the noun.
std::string_view before_light_verb(std::string_view word) {
  static constexpr std::array<std::string_view, 14> kForms{
      "했", "하였", "하는", "한다", "하나", "합니", "하고", "되었", "됐", "된", "되는", "됩니", "될", "한"};
  for (std::string_view form : kForms) {
    std::size_t at = word.find(form, 6);  // a noun of two syllables at least
    if (at != std::string_view::npos && at % 3 == 0) return word.substr(0, at);
  }
  return word;
}

std::string english_stem(std::string w) {
  auto drop = [&w](std::string_view suffix, std::size_t keep) {
    if (!w.ends_with(suffix) || w.size() < suffix.size() + keep) return false;
    w.resize(w.size() - suffix.size());
    return true;
  };
  drop("'s", 1) || drop("’s", 1);
  if (drop("ies", 3)) return w += "y";
  if (w.ends_with("ss")) return w;
  bool cut = drop("ing", 4) || drop("ed", 3) || drop("es", 4) || drop("s", 3);
  if (cut && w.size() > 4 && w[w.size() - 1] == w[w.size() - 2] && w.back() != 's' && w.back() != 'l')
    w.pop_back();
  if (w.size() > 3 && w.back() == 'e') w.pop_back();
  return w;
}

constexpr std::size_t kWrappedBytes = 60;  // shorter lines were broken on purpose

bool is_small(char c) {
  return c >= 'a' && c <= 'z';
}

// No list, heading, quotation or label, and not set in.
bool begins_prose(std::string_view line) {
  if (line.empty() || std::string_view(" \t-*#>|").contains(line.front())) return false;
  if (line.starts_with("•") || line.starts_with("http")) return false;
  std::size_t at = line.find_first_not_of("0123456789");
  if (at != 0 && at != line.npos && (line[at] == '.' || line[at] == ')')) return false;
  at = line.find(':');
  return at == line.npos || at > line.find(' ');
}

bool ends_sentence(std::string_view line) {
  return contains_any(line.substr(line.size() - std::min<std::size_t>(line.size(), 3)),
                      {".", "!", "?", ":", "…", "。"});
}

bool is_abbreviation(std::string_view before) {
  static constexpr std::array<std::string_view, 22> kShort{
      "mr", "mrs", "ms",  "dr",  "st", "jr",  "sr",     "vs", "etc", "prof", "gen",
      "no", "vol", "inc", "ltd", "co", "fig", "approx", "ca", "c",   "e.g",  "i.e"};
  std::size_t from = before.size();
  while (from > 0 && (is_letter(before[from - 1]) || before[from - 1] == '.')) --from;
  std::string last = lower(before.substr(from));
  if (last.size() == 1 && last != "i" && before.size() > 1 && before[from] >= 'A' && before[from] <= 'Z')
    return true;  // "J. Smith"
  return std::ranges::find(kShort, last) != kShort.end();
}

}  // namespace

std::vector<Word> words(std::string_view text, std::size_t words_max) {
  std::vector<Word> out;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size() && out.size() < words_max;) {
    CodePoint point = code_point_at(text, at);
    if (is_quote(point.value)) quoted = !quoted;
    if (!is_word_character(point.value)) {
      at += point.bytes;
      continue;
    }
    Word word;
    word.at = at;
    word.quoted = quoted;
    while (at < text.size()) {
      point = code_point_at(text, at);
      if (!is_word_character(point.value) && !joins(text, at)) break;
      word.korean = word.korean || is_hangul(point.value);
      at += point.bytes;
    }
    word.text = text.substr(word.at, at - word.at);
    word.low = lower(word.text);
    char first = word.text.front();
    word.capital = (first >= 'A' && first <= 'Z') || is_digit(first);
    out.push_back(std::move(word));
  }
  return out;
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(parts, [&](std::string_view part) { return text.contains(part); });
}

bool is_stop_word(std::string_view low) {
  static const std::unordered_set<std::string_view> kStop{
      "a",           "an",     "the",       "this",     "that",    "these",    "those",   "some",   "any",
      "each",        "every",  "all",       "both",     "such",    "no",       "i",       "me",     "my",
      "mine",        "you",    "your",      "yours",    "he",      "him",      "his",     "she",    "her",
      "hers",        "it",     "its",       "we",       "us",      "our",      "they",    "them",   "their",
      "one",         "ones",   "who",       "whom",     "whose",   "what",     "which",   "when",   "where",
      "why",         "how",    "what's",    "who's",    "where's", "when's",   "how's",   "that's", "it's",
      "whats",       "whos",   "is",        "am",       "are",     "was",      "were",    "be",     "been",
      "being",       "do",     "does",      "did",      "done",    "doing",    "have",    "has",    "had",
      "having",      "can",    "could",     "will",     "would",   "shall",    "should",  "may",    "might",
      "must",        "isn't",  "wasn't",    "aren't",   "don't",   "doesn't",  "didn't",  "to",     "of",
      "in",          "on",     "at",        "by",       "for",     "with",     "from",    "into",   "onto",
      "about",       "as",     "than",      "then",     "and",     "or",       "but",     "if",     "so",
      "because",     "while",  "during",    "between",  "through", "over",     "under",   "after",  "before",
      "against",     "per",    "there",     "here",     "not",     "also",     "too",     "very",   "much",
      "many",        "more",   "most",      "please",   "tell",    "give",     "show",    "find",   "let",
      "know",        "want",   "just",      "now",      "up",      "out",      "off",     "again",  "s",
      "ok",          "okay",   "hi",        "hello",    "hey",     "thanks",   "thank",   "called", "named",
      "exactly",     "really", "actually",  "located",  "use",     "using",    "search",  "look",   "lookup",
      "information", "info",   "something", "anything", "define",  "describe", "explain", "mean",   "meant",
      "ever",        "kind",   "sort",      "type",     "yes",     "well",     "like"};
  return kStop.contains(low);
}

std::string_view strip_particle(std::string_view word) {
  for (const Particle& particle : kParticles) {
    if (!word.ends_with(particle.text)) continue;
    std::string_view rest = word.substr(0, word.size() - particle.text.size());
    char32_t last = last_code_point(rest);
    // One syllable cannot lose another: "사이", "나의". Latin words and digits can.
    bool enough = is_hangul(last) ? length(rest) >= 2 : !rest.empty();
    if (enough && agrees(particle.after, last)) return rest;
  }
  return word;
}

std::string stem(const Word& word) {
  if (!word.korean) return english_stem(word.low);
  return std::string(before_light_verb(strip_particle(word.low)));
}

std::string unwrapped(std::string_view text) {
  std::string joined;
  std::string_view before;
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    const bool goes_on =
        !before.empty() && begins_prose(line) && before.front() != '#' &&
        (is_small(line.front()) || (before.size() >= kWrappedBytes && !ends_sentence(before)));
    if (!first) joined += goes_on ? ' ' : '\n';
    joined += line;
    before = trim(line);
    first = false;
  }
  return joined;
}

std::vector<std::string_view> sentences(std::string_view text, std::size_t sentences_max) {
  std::vector<std::string_view> out;
  std::size_t from = 0;
  auto cut = [&](std::size_t end) {
    std::string_view sentence = trim(text.substr(from, end - from));
    if (!sentence.empty()) out.push_back(sentence);
    from = end;
  };
  for (std::size_t at = 0; at < text.size() && out.size() < sentences_max; ++at) {
    char c = text[at];
    if (c == '\n') {
      cut(at + 1);
      continue;
    }
    bool ideographic = text.substr(at, 3) == "。" || text.substr(at, 3) == "？" || text.substr(at, 3) == "！";
    if (ideographic) {
      cut(at + 3);
      at += 2;
      continue;
    }
    if (c != '.' && c != '!' && c != '?') continue;
    std::size_t end = at + 1;
    while (end < text.size() &&
           (text[end] == '.' || text[end] == '!' || text[end] == '?' || text[end] == '"' ||
            text[end] == ')' || text[end] == '\'' || text[end] == ']'))
      ++end;
    bool last =
        end >= text.size() || text[end] == ' ' || text[end] == '\n' || text[end] == '\t' || text[end] == '\r';
    if (!last) continue;
    if (c == '.' && is_abbreviation(text.substr(from, at - from))) continue;
    cut(end);
    at = end - 1;
  }
  if (from < text.size() && out.size() < sentences_max) cut(text.size());
  return out;
}

}  // namespace troupe::models::builtin

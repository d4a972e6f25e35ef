#include "memory/knowledge/keyword/porter.h"

#include <cstddef>
#include <span>
#include <utility>

namespace troupe::memory {

namespace {

bool is_vowel_letter(char c) {
  return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

/// What the paper asks of a stem, found in one pass.
struct Shape {
  int measure = 0;  ///< m: how often vowels are followed by consonants
  bool has_vowel = false;
  bool ends_double = false;  ///< *d
  bool ends_cvc = false;     ///< *o
  bool ends_consonant = false;
};

Shape shape_of(std::string_view stem, PorterRules rules) {
  Shape shape;
  bool last = false, before = false, before_that = false;  // whether these letters are consonants
  for (std::size_t i = 0; i < stem.size(); ++i) {
    before_that = std::exchange(before, last);
    // A y is a vowel behind a consonant.
    last = !is_vowel_letter(stem[i]) && (stem[i] != 'y' || i == 0 || !before);
    if (!last) shape.has_vowel = true;
    if (last && i > 0 && !before) ++shape.measure;
  }
  const std::size_t size = stem.size();
  shape.ends_consonant = last;
  shape.ends_double = size >= 2 && last && stem[size - 1] == stem[size - 2];
  const bool soft = size > 0 && (stem.back() == 'w' || stem.back() == 'x' || stem.back() == 'y');
  shape.ends_cvc = size >= 3 && before_that && !before && last && !soft;
  if (rules == PorterRules::nltk && size == 2 && !before && last) shape.ends_cvc = true;
  return shape;
}

struct Rule {
  std::string_view suffix;
  std::string_view replacement;
};

constexpr Rule kStep2[] = {{"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"},   {"anci", "ance"},
                           {"izer", "ize"},    {"alli", "al"},     {"entli", "ent"},   {"eli", "e"},
                           {"ousli", "ous"},   {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},
                           {"alism", "al"},    {"iveness", "ive"}, {"fulness", "ful"}, {"ousness", "ous"},
                           {"aliti", "al"},    {"iviti", "ive"},   {"biliti", "ble"}};
constexpr Rule kStep2Paper[] = {{"abli", "able"}};
constexpr Rule kStep2Nltk[] = {{"bli", "ble"}, {"fulli", "ful"}};
constexpr Rule kStep3[] = {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"},
                           {"ical", "ic"},  {"ful", ""},   {"ness", ""}};
constexpr std::string_view kStep4[] = {"al",  "ance",  "ence", "er",  "ic",  "able", "ible",
                                       "ant", "ement", "ment", "ent", "ion", "ou",   "ism",
                                       "ate", "iti",   "ous",  "ive", "ize"};

constexpr Rule kIrregular[] = {
    {"skies", "sky"},      {"sky", "sky"},         {"dying", "die"},        {"lying", "lie"},
    {"tying", "tie"},      {"news", "news"},       {"innings", "inning"},   {"inning", "inning"},
    {"outings", "outing"}, {"outing", "outing"},   {"cannings", "canning"}, {"canning", "canning"},
    {"howe", "howe"},      {"proceed", "proceed"}, {"exceed", "exceed"},    {"succeed", "succeed"}};

class Stemming {
 public:
  Stemming(std::string_view word, PorterRules rules) : word_(word), rules_(rules) {}

  std::string run() {
    step1a();
    step1b();
    step1c();
    step2();
    replace_first(kStep3);
    step4();
    step5();
    return std::move(word_);
  }

 private:
  bool nltk() const { return rules_ == PorterRules::nltk; }
  bool ends(std::string_view suffix) const { return word_.ends_with(suffix); }
  Shape shape() const { return shape_of(word_, rules_); }
  Shape shape_without(std::size_t letters) const {
    return shape_of(std::string_view(word_).substr(0, word_.size() - letters), rules_);
  }
  void cut(std::size_t letters) { word_.resize(word_.size() - letters); }

  /// The first rule whose suffix is there decides, whether or not its stem is long enough.
  bool replace_first(std::span<const Rule> rules) {
    for (const Rule& rule : rules) {
      if (!ends(rule.suffix)) continue;
      if (shape_without(rule.suffix.size()).measure > 0) {
        cut(rule.suffix.size());
        word_ += rule.replacement;
      }
      return true;
    }
    return false;
  }

  void step1a() {
    if (nltk() && ends("ies") && word_.size() == 4)
      cut(1);
    else if (ends("sses") || ends("ies"))
      cut(2);
    else if (ends("s") && !ends("ss"))
      cut(1);
  }

  void step1b() {
    if (nltk() && ends("ied")) return cut(word_.size() == 4 ? 1 : 2);
    if (ends("eed")) {
      if (shape_without(3).measure > 0) cut(1);
      return;
    }
    const std::size_t ending = ends("ed") ? 2 : ends("ing") ? 3 : 0;
    if (ending == 0 || !shape_without(ending).has_vowel) return;
    cut(ending);
    const Shape stem = shape();
    if (ends("at") || ends("bl") || ends("iz")) {
      word_ += 'e';
    } else if (stem.ends_double) {
      if (!ends("l") && !ends("s") && !ends("z")) cut(1);
    } else if (stem.measure == 1 && stem.ends_cvc) {
      word_ += 'e';
    }
  }

  void step1c() {
    if (!ends("y")) return;
    const Shape stem = shape_without(1);
    if (nltk() ? word_.size() > 2 && stem.ends_consonant : stem.has_vowel) word_.back() = 'i';
  }

  void step2() {
    if (!nltk()) {
      if (!replace_first(kStep2Paper)) replace_first(kStep2);
      return;
    }
    if (ends("alli") && shape_without(4).measure > 0) cut(2);
    if (replace_first(kStep2Nltk) || replace_first(kStep2)) return;
    if (ends("logi") && shape_without(3).measure > 0) cut(1);
  }

  void step4() {
    for (std::string_view suffix : kStep4) {
      if (!ends(suffix)) continue;
      const std::size_t size = word_.size() - suffix.size();
      const bool fits = suffix != "ion" || (size > 0 && (word_[size - 1] == 's' || word_[size - 1] == 't'));
      if (fits && shape_without(suffix.size()).measure > 1) cut(suffix.size());
      return;
    }
  }

  void step5() {
    if (ends("e")) {
      const Shape stem = shape_without(1);
      if (stem.measure > 1 || (stem.measure == 1 && !stem.ends_cvc)) cut(1);
    }
    if (ends("ll") && shape_without(1).measure > 1) cut(1);
  }

  std::string word_;
  PorterRules rules_;
};

}  // namespace

std::string porter_stem(std::string_view word, PorterRules rules) {
  if (rules == PorterRules::nltk) {
    for (const Rule& irregular : kIrregular)
      if (word == irregular.suffix) return std::string(irregular.replacement);
    if (word.size() <= 2) return std::string(word);
  }
  return Stemming(word, rules).run();
}

}  // namespace troupe::memory

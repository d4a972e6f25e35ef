#include "models/builtin/excerpt.h"

#include "models/builtin/shared_words.h"
#include "models/builtin/utf8.h"
#include "models/builtin/words.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

namespace troupe::models::builtin {

namespace {

constexpr std::size_t kSentences = 800;
constexpr std::size_t kExcerptBytes = 700;
constexpr std::size_t kSentenceBytes = 600;

struct Candidate {
  std::string_view text;
  std::size_t passage;
  std::size_t place;  // in its passage
  std::vector<std::string> stems;
  bool year = false, digits = false, capital = false;
  double score = 0;
};

std::vector<std::string> stems_of(std::string_view text) {
  std::vector<std::string> out;
  for (const Word& word : words(text, 200))
    if (!is_stop_word(word.low)) out.push_back(stem(word));
  return out;
}

Candidate candidate(std::string_view sentence, std::size_t passage, std::size_t place) {
  Candidate c{.text = sentence, .passage = passage, .place = place};
  bool first = true;
  for (const Word& word : words(sentence, 200)) {
    if (!is_stop_word(word.low)) c.stems.push_back(stem(word));
    bool digit = is_digit(word.text.front());
    std::size_t digits = 0;
    while (digits < word.text.size() && is_digit(word.text[digits])) ++digits;
    c.digits = c.digits || digit;
    c.year = c.year || digits == 4;
    c.capital = c.capital || (!first && word.capital && !digit);
    first = false;
  }
  return c;
}

bool is_right_kind(const Candidate& c, Focus focus) {
  switch (focus) {
    case Focus::none:
      return false;
    case Focus::person:
      return c.capital;
    case Focus::time:
      return c.year || (c.digits && has_hangul(c.text));
    case Focus::place:
      return c.capital || has_hangul(c.text);
    case Focus::quantity:
      return c.digits;
  }
  return false;
}

}  // namespace

Excerpt best_excerpt(const std::vector<Passage>& passages, const Subject& subject) {
  if (subject.terms.empty()) return {};
  std::vector<Candidate> all;
  std::vector<std::vector<std::string>> titles;
  for (std::size_t p = 0; p < passages.size() && all.size() < kSentences; ++p) {
    titles.push_back(stems_of(passages[p].title));
    std::size_t place = 0;
    for (std::string_view sentence : sentences(passages[p].text, kSentences)) {
      if (sentence.size() > kSentenceBytes || length(sentence) < 8) continue;
      all.push_back(candidate(sentence, p, place++));
      if (all.size() >= kSentences) break;
    }
  }
  if (all.empty()) return {};

  // A word that every sentence has tells little; one that few have tells much.
  std::vector<double> weights;
  double total = 0;
  for (const std::string& term : subject.terms) {
    std::size_t having = 0;
    for (const Candidate& c : all) having += has_word(c.stems, term);
    double weight =
        0.5 + std::log(1.0 + static_cast<double>(all.size()) / (1.0 + static_cast<double>(having))) /
                  std::log(2.0 + static_cast<double>(all.size()));
    weights.push_back(weight);
    total += weight;
  }
  Candidate* best = nullptr;
  for (Candidate& c : all) {
    double met = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (has_word(c.stems, subject.terms[i]))
        met += weights[i];
      else if (has_word(titles[c.passage], subject.terms[i]))
        met += 0.8 * weights[i];  // "She was born …" on her own page
    }
    if (met == 0) continue;
    c.score = met / total + (is_right_kind(c, subject.focus) ? 0.25 : 0) +
              0.2 / (1.0 + static_cast<double>(c.place)) + 0.05 / (1.0 + static_cast<double>(c.passage));
    if (!best || c.score > best->score) best = &c;
  }
  if (!best) return {};

  // Its neighbours come along when they are nearly as good, or say more about a subject asked about as a
  // whole.
  std::vector<const Candidate*> chosen{best};
  bool definition = subject.focus == Focus::none || subject.terms.size() <= 2;
  for (const Candidate& c : all) {
    if (chosen.size() >= 3 || &c == best || c.passage != best->passage) continue;
    bool near = c.place > best->place && c.place <= best->place + 2;
    if (near && c.score >= best->score * (definition ? 0.55 : 0.85)) chosen.push_back(&c);
  }
  std::ranges::sort(chosen, {}, &Candidate::place);
  Excerpt excerpt;
  for (const Candidate* c : chosen) {
    if (!excerpt.text.empty() && excerpt.text.size() + c->text.size() > kExcerptBytes) break;
    if (!excerpt.text.empty()) excerpt.text += ' ';
    excerpt.text += c->text;
  }
  excerpt.title = passages[best->passage].title;
  excerpt.url = passages[best->passage].url;
  excerpt.number = passages[best->passage].number;
  excerpt.score = best->score;
  return excerpt;
}

std::string best_title(const std::vector<Passage>& passages, const Subject& subject) {
  std::string best;
  double best_score = 0;
  std::vector<std::string> entity = stems_of(subject.entity);
  for (std::size_t i = 0; i < passages.size(); ++i) {
    std::vector<std::string> title = stems_of(passages[i].title);
    if (title.empty()) continue;
    double met = 0, named = 0;
    for (const std::string& term : subject.terms) met += has_word(title, term);
    for (const std::string& part : entity) named += has_word(title, part);
    if (met == 0) continue;
    // Words of the title that were not asked for make it another subject: "Paris" before "Paris Hilton".
    double extra = static_cast<double>(title.size()) - met;
    double score = met + named - 0.3 * std::max(0.0, extra) + 0.4 / (1.0 + static_cast<double>(i));
    if (score > best_score || best.empty()) best_score = score, best = passages[i].title;
  }
  return best;
}

std::string summary_of(std::string_view text, std::size_t count) {
  std::vector<std::string_view> all = sentences(text, kSentences);
  std::unordered_map<std::string, double> frequency;
  std::vector<std::vector<std::string>> stems;
  for (std::string_view sentence : all) {
    stems.push_back(stems_of(sentence));
    for (const std::string& s : stems.back()) frequency[s] += 1;
  }
  std::vector<std::pair<double, std::size_t>> ranked;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::unordered_set<std::string> seen(stems[i].begin(), stems[i].end());
    double score = 0;
    for (const std::string& s : seen) score += frequency[s];
    score = score / (4.0 + static_cast<double>(seen.size())) + 1.0 / (1.0 + static_cast<double>(i));
    ranked.emplace_back(-score, i);
  }
  std::ranges::sort(ranked);
  ranked.resize(std::min(count, ranked.size()));
  std::ranges::sort(ranked, {}, &std::pair<double, std::size_t>::second);
  std::string summary;
  for (auto [score, i] : ranked) {
    if (!summary.empty()) summary += ' ';
    summary += clip(all[i], kSentenceBytes);
  }
  return summary;
}

}  // namespace troupe::models::builtin

#include "models/builtin/digest.h"

#include "models/builtin/utf8.h"
#include "models/builtin/words.h"
#include "models/token_estimate.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace troupe::models::builtin {

namespace {

constexpr std::size_t kSentencesMax = 2'000;
constexpr std::size_t kSentenceWords = 200;
constexpr std::size_t kSentenceBytes = 600;
constexpr std::int64_t kDigestWords = 120;  // where nobody says how many

constexpr std::string_view kUser = "User: ";

// Words by which something is decided, wanted, ruled out or promised.
constexpr std::array<std::string_view, 26> kEnglishCues = {
    "decide",  "decided",  "agree",  "agreed", "choose",   "chose",    "chosen",  "must",     "need",
    "want",    "prefer",   "never",  "always", "promise",  "deadline", "budget",  "remember", "important",
    "instead", "allergic", "cancel", "plan",   "priority", "limit",    "require", "required"};
constexpr std::array<std::string_view, 18> kKoreanCues = {
    "결정", "하기로", "원해", "원합", "필요", "좋아", "싫",   "기억",     "반드시",
    "꼭",   "예산",   "약속", "마감", "정했", "취소", "계획", "알레르기", "바꿔"};

struct Sentence {
  std::string text;
  std::vector<std::string> stems;
  bool user = false;
  bool noted = false;  // stood in the notes before
  double score = 0;
};

bool has_cue(std::string_view text, const std::vector<Word>& found) {
  for (const Word& word : found)
    if (std::ranges::find(kEnglishCues, word.low) != kEnglishCues.end()) return true;
  return std::ranges::any_of(kKoreanCues, [&](std::string_view cue) { return text.contains(cue); });
}

// What a sentence has that would be missed, whatever it is about.
double facts_in(std::string_view text, const std::vector<Word>& found, bool user) {
  double score = 0;
  bool name = false, number = false;
  for (std::size_t i = 0; i < found.size(); ++i) {
    number = number || is_digit(found[i].text.front());
    name = name || (i > 0 && found[i].capital && !is_digit(found[i].text.front()) && found[i].low != "i");
  }
  if (number) score += 0.6;
  if (name) score += 0.4;
  if (has_cue(text, found)) score += 0.8;
  if (user && text.ends_with('?')) score += 0.5;
  return score;
}

class Digest {
 public:
  void add(std::string_view text, bool user, bool noted) {
    for (std::string_view whole : sentences(text, kSentencesMax)) {
      if (all_.size() >= kSentencesMax) return;
      add_sentence(trim(whole), user, noted);
    }
  }

  std::string best(std::int64_t tokens_max) {
    rank();
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < all_.size(); ++i) order.emplace_back(-all_[i].score, i);
    std::ranges::sort(order);
    std::vector<std::size_t> chosen;
    std::int64_t left = tokens_max;
    for (const auto& [score, at] : order) {
      const std::int64_t size = estimate_tokens(all_[at].text) + 1;
      if (size > left) continue;
      left -= size;
      chosen.push_back(at);
    }
    std::ranges::sort(chosen);
    std::string text;
    for (std::size_t at : chosen) text += (text.empty() ? "" : "\n") + all_[at].text;
    return text;
  }

 private:
  void add_sentence(std::string_view text, bool user, bool noted) {
    if (text.starts_with(kUser)) text = trim(text.substr(kUser.size())), user = true;
    const std::string_view shown = clip(text, kSentenceBytes);
    const std::vector<Word> found = words(shown, kSentenceWords);
    Sentence sentence{.user = user, .noted = noted};
    for (const Word& word : found)
      if (!is_stop_word(word.low)) sentence.stems.push_back(stem(word));
    if (sentence.stems.empty() || length(shown) < 6) return;
    std::string key;
    for (const std::string& one : sentence.stems) key += one + ' ';
    if (!seen_.insert(std::move(key)).second) return;
    sentence.score = facts_in(shown, found, user);
    sentence.text = (user ? std::string(kUser) : "") + std::string(shown);
    for (const std::string& one : std::set<std::string>(sentence.stems.begin(), sentence.stems.end()))
      ++frequency_[one];
    all_.push_back(std::move(sentence));
  }

  void rank() {
    double most = 1;
    for (const auto& [stem, count] : frequency_) most = std::max(most, count);
    for (std::size_t i = 0; i < all_.size(); ++i) {
      Sentence& sentence = all_[i];
      const std::unordered_set<std::string> own(sentence.stems.begin(), sentence.stems.end());
      double returned = 0;
      for (const std::string& one : own) returned += frequency_[one] / most;
      sentence.score += returned / (4.0 + static_cast<double>(own.size()));
      // Thanks and greetings say less than what has something to say; what was noted was worth it before.
      if (own.size() < 2) sentence.score *= 0.3;
      if (sentence.noted) sentence.score += 0.5;
    }
  }

  std::vector<Sentence> all_;
  std::unordered_map<std::string, double> frequency_;
  std::unordered_set<std::string> seen_;
};

}  // namespace

std::string digest_of(const Json& conversation) {
  Digest digest;
  digest.add(string_or(conversation, "notes"), false, true);
  if (const Json* turns = find(conversation, "turns"); turns && turns->is_array())
    for (const Json& turn : *turns) {
      digest.add(string_or(turn, "user"), true, false);
      digest.add(string_or(turn, "assistant"), false, false);
    }
  std::int64_t wanted = kDigestWords;
  if (const Json* number = find(conversation, "words"); number && number->is_number_integer())
    wanted = std::clamp<std::int64_t>(number->get<std::int64_t>(), 1, 100'000);
  return digest.best(wanted * 5 / 3);
}

}  // namespace troupe::models::builtin

#include "models/builtin/clauses.h"

#include "models/builtin/arithmetic.h"
#include "models/builtin/utf8.h"
#include "models/builtin/words.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_set>

namespace troupe::models::builtin {

namespace {

constexpr std::size_t kClauseBytes = 600;  // longer sentences are not cut further: nobody asks that way
constexpr std::size_t kCutsTried = 12;

bool is_arithmetic(std::string_view text) {
  return read_arithmetic(text, "1").has_value();
}

bool is_request(std::string_view clause) {
  return clause.ends_with('?') || starts_request(clause) || is_arithmetic(clause);
}

// Places where a clause may end and the next begin.
struct Cut {
  std::size_t end;
  std::size_t next;
};

std::vector<Cut> english_cuts(std::string_view sentence) {
  static const std::unordered_set<std::string_view> kJoin{"and", "then", "also", "plus", "but"};
  std::vector<Cut> cuts;
  std::vector<Word> all = words(sentence, 200);
  for (std::size_t i = 1; i + 1 <= all.size() && cuts.size() < kCutsTried; ++i) {
    std::string_view gap = sentence.substr(all[i - 1].end(), all[i].at - all[i - 1].end());
    bool comma = gap.find(',') != std::string_view::npos || gap.find(';') != std::string_view::npos;
    std::size_t next = i;
    while (next < all.size() && kJoin.contains(all[next].low)) ++next;
    if ((!comma && next == i) || next >= all.size() || all[i].quoted) continue;
    // Signs before the first word belong to it: "and (3 + 4) * 2", "and -5 + 2"
    std::size_t from = next == i ? all[i - 1].end() : all[next - 1].end();
    while (from < all[next].at && (sentence[from] == ',' || sentence[from] == ';' || sentence[from] == ' '))
      ++from;
    cuts.push_back({all[i - 1].end(), from});
    i = std::max(i, next - 1);
  }
  return cuts;
}

std::vector<Cut> korean_cuts(std::string_view sentence) {
  std::vector<Cut> cuts;
  std::vector<Word> all = words(sentence, 200);
  for (std::size_t i = 0; i + 1 < all.size() && cuts.size() < kCutsTried; ++i) {
    std::string_view gap = sentence.substr(all[i].end(), all[i + 1].at - all[i].end());
    bool comma = gap.find(',') != std::string_view::npos;
    bool joins = all[i].text.ends_with("고") || all[i].text.ends_with("며") || all[i].text == "그리고" ||
                 all[i + 1].text == "그리고";
    if (comma || joins) cuts.push_back({all[i].end(), all[i + 1].at});
  }
  return cuts;
}

bool asks_in_korean(std::string_view clause) {
  static constexpr std::array<std::string_view, 12> kAsking{"누구", "누가", "무엇", "뭐", "언제",   "어디",
                                                            "어느", "몇",   "얼마", "왜", "어떻게", "알려"};
  return std::ranges::any_of(kAsking,
                             [&](std::string_view w) { return clause.find(w) != std::string_view::npos; }) ||
         is_arithmetic(clause);
}

void cut_sentence(std::string_view sentence, std::vector<std::string_view>& out) {
  if (sentence.size() > kClauseBytes || is_arithmetic(sentence)) {
    out.push_back(sentence);
    return;
  }
  bool korean = has_hangul(sentence) && !starts_request(sentence);
  std::size_t from = 0;
  for (const Cut& cut : korean ? korean_cuts(sentence) : english_cuts(sentence)) {
    if (cut.end <= from || cut.next <= from) continue;
    std::string_view left = trim(sentence.substr(from, cut.end - from));
    std::string_view right = trim(sentence.substr(cut.next));
    if (left.empty() || right.empty()) continue;
    bool apart =
        korean ? asks_in_korean(left) && asks_in_korean(right)
               : is_arithmetic(left) || (is_request(left) && (starts_request(right) || is_arithmetic(right)));
    if (!apart) continue;
    out.push_back(left);
    from = cut.next;
  }
  if (std::string_view rest = trim(sentence.substr(from)); !rest.empty()) out.push_back(rest);
}

}  // namespace

std::string_view without_courtesy(std::string_view clause) {
  static constexpr std::array<std::string_view, 42> kLeads{"please",
                                                           "kindly",
                                                           "can you tell me",
                                                           "could you tell me",
                                                           "would you tell me",
                                                           "can you please",
                                                           "could you please",
                                                           "can you",
                                                           "could you",
                                                           "would you",
                                                           "will you",
                                                           "do you know",
                                                           "do you happen to know",
                                                           "i want to know",
                                                           "i'd like to know",
                                                           "i would like to know",
                                                           "i want you to",
                                                           "i need you to",
                                                           "i'd like you to",
                                                           "i need to know",
                                                           "i was wondering",
                                                           "i wonder",
                                                           "let me know",
                                                           "tell me",
                                                           "any idea",
                                                           "hi there",
                                                           "hi",
                                                           "hello",
                                                           "hey",
                                                           "so",
                                                           "ok",
                                                           "okay",
                                                           "well",
                                                           "and",
                                                           "but",
                                                           "also",
                                                           "then",
                                                           "now",
                                                           "just",
                                                           "first",
                                                           "thanks",
                                                           "um"};
  for (bool again = true; again;) {
    again = false;
    clause = trim(clause);
    while (!clause.empty() &&
           (clause.front() == ',' || clause.front() == '!' || clause.front() == '.' || clause.front() == ':'))
      clause = trim(clause.substr(1));
    std::string low = lower(clause.substr(0, 40));
    for (std::string_view lead : kLeads) {
      if (!low.starts_with(lead)) continue;
      bool whole_word = low.size() == lead.size() || low[lead.size()] == ' ' || low[lead.size()] == ',' ||
                        low[lead.size()] == '!';
      bool about = low.substr(lead.size())
                       .starts_with(" about");  // "tell me about": the order itself; "what about": not here
      if (!whole_word || about || low.size() == lead.size()) continue;
      clause.remove_prefix(lead.size());
      again = true;
      break;
    }
  }
  return clause;
}

bool starts_request(std::string_view clause) {
  static const std::unordered_set<std::string_view> kFirst{
      "who",     "what",      "when",      "where",    "which",     "whose",     "whom",    "why",
      "how",     "who's",     "what's",    "when's",   "where's",   "how's",     "whats",   "whos",
      "tell",    "calculate", "compute",   "evaluate", "find",      "give",      "name",    "list",
      "explain", "describe",  "search",    "look",     "define",    "is",        "are",     "was",
      "were",    "do",        "does",      "did",      "can",       "could",     "should",  "would",
      "will",    "write",     "translate", "compose",  "summarize", "summarise", "show",    "make",
      "create",  "draw",      "add",       "subtract", "multiply",  "divide",    "solve",   "convert",
      "compare", "recommend", "suggest",   "fix",      "rewrite",   "code",      "generate"};
  std::vector<Word> first = words(without_courtesy(clause), 1);
  return !first.empty() && kFirst.contains(first.front().low);
}

std::vector<std::string_view> clauses(std::string_view message) {
  std::vector<std::string_view> out;
  for (std::string_view sentence : sentences(message)) cut_sentence(sentence, out);
  return out;
}

}  // namespace troupe::models::builtin

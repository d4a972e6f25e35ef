#include "models/builtin/subject.h"

#include "models/builtin/utf8.h"
#include "models/builtin/words.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace troupe::models::builtin {

namespace {

constexpr std::size_t kQueryBytes = 200;  // longer ones are no help to any search
constexpr std::size_t kTerms = 24;

using Words = std::vector<Word>;

bool in(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::ranges::find(list, word) != list.end();
}

bool is_pronoun(std::string_view low) {
  return in(low,
            {"he", "she", "it", "they", "him", "her", "his", "hers", "its", "their", "them", "that", "this"});
}

bool connects(std::string_view low) {
  return in(low, {"of", "the", "and", "de", "la", "le", "du", "da", "van", "von", "der", "for", "in", "on",
                  "at", "to", "a", "an", "&"});
}

Focus english_focus(const Words& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& w = words[i].low;
    std::string_view next = i + 1 < words.size() ? std::string_view(words[i + 1].low) : std::string_view();
    if (in(w, {"who", "whom", "whose", "who's", "whos"})) return Focus::person;
    if (in(w, {"when", "when's"})) return Focus::time;
    if (in(w, {"where", "where's"})) return Focus::place;
    if (w == "how" && in(next, {"many", "much", "old", "tall", "long", "far", "high", "deep", "big", "large",
                                "heavy", "fast", "wide"}))
      return Focus::quantity;
    if (in(w, {"what", "which"}) && in(next, {"year", "date", "day", "century", "decade", "month"}))
      return Focus::time;
    if (in(w, {"what", "which"}) && in(next, {"city", "country", "place", "continent", "state"}))
      return Focus::place;
    if (in(w, {"population", "height", "length", "area", "distance", "temperature", "speed"}))
      return Focus::quantity;
  }
  return Focus::none;
}

// Marks the words that stay in the query: content words, and what joins capitalised ones ("Lord of the
// Rings").
std::vector<bool> kept_words(const Words& words) {
  std::vector<bool> keep(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) keep[i] = words[i].quoted || !is_stop_word(words[i].low);
  // A capitalised stop word inside a sentence is part of a name: "The Who" after "band", "It" in quotes is
  // above.
  for (std::size_t i = 1; i < words.size(); ++i)
    if (words[i].capital && words[i].low != "i" && i + 1 < words.size() && words[i + 1].capital &&
        connects(words[i].low))
      keep[i] = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (keep[i] || !connects(words[i].low)) continue;
    if (i == 0 || !keep[i - 1]) continue;
    std::size_t next = i;
    while (next < words.size() && !keep[next] && connects(words[next].low)) ++next;
    if (next >= words.size() || !keep[next]) continue;
    bool name = words[i - 1].capital && words[next].capital;
    if (words[i].low == "of") keep[i] = true;
    if (name && next - i <= 2)
      std::fill(keep.begin() + static_cast<std::ptrdiff_t>(i),
                keep.begin() + static_cast<std::ptrdiff_t>(next), true);
  }
  return keep;
}

void append_word(std::string& to, std::string_view word) {
  if (!to.empty()) to += ' ';
  to += word;
}

std::string_view without_possessive(std::string_view word) {
  for (std::string_view suffix : {"'s", "’s"})
    if (word.ends_with(suffix)) word.remove_suffix(suffix.size());
  return word;
}

// The longest run of kept words that are capitalised or quoted.
std::string longest_name(const Words& words, const std::vector<bool>& keep) {
  std::string best, run;
  for (std::size_t i = 0; i <= words.size(); ++i) {
    bool part = i < words.size() && keep[i] &&
                (words[i].capital || words[i].quoted || (!run.empty() && connects(words[i].low)));
    if (part && !(i == 0 && is_stop_word(words[i].low))) {
      append_word(run, without_possessive(words[i].text));
      continue;
    }
    while (!run.empty() &&
           connects(lower(run.substr(run.rfind(' ') == std::string::npos ? 0 : run.rfind(' ') + 1))))
      run.resize(run.rfind(' ') == std::string::npos ? 0 : run.rfind(' '));
    if (run.size() > best.size()) best = run;
    run.clear();
  }
  return best;
}

void add_term(std::vector<std::string>& terms, std::string term) {
  if (term.empty() || terms.size() >= kTerms || std::ranges::find(terms, term) != terms.end()) return;
  terms.push_back(std::move(term));
}

bool is_korean_question_word(std::string_view word) {
  return in(word,
            {"누구",       "누가",       "누군가요",   "누군지",     "누구야",     "누구인가요", "누구죠",
             "누구지",     "누구입니까", "누구예요",   "누구니",     "뭐",         "뭐야",       "뭐예요",
             "뭔가요",     "뭐지",       "무엇",       "무엇인가요", "무엇입니까", "무엇인지",   "무엇을",
             "무엇이",     "뭘",         "무슨",       "언제",       "언제야",     "언제인가요", "언제지",
             "언제죠",     "언제예요",   "언제입니까", "어디",       "어디야",     "어디에",     "어디서",
             "어디인가요", "어디지",     "어디죠",     "어디예요",   "어디입니까", "어디에서",   "어디니",
             "어느",       "어떤",       "어떻게",     "몇",         "얼마",       "얼마나",     "얼마야",
             "얼마인가요", "얼마예요",   "얼마입니까", "왜",         "어떤가요",   "누굴",       "누구를",
             "누구에게",   "몇명",       "몇개",       "뭔데",       "뭐니",       "뭔지"});
}

bool is_korean_filler(std::string_view word) {
  return in(word, {"대해",         "대해서",
                   "대한",         "대하여",
                   "관해",         "관해서",
                   "관한",         "알려줘",
                   "알려주세요",   "알려줄래",
                   "알려줘요",     "알려",
                   "줘",           "주세요",
                   "좀",           "설명해줘",
                   "설명해",       "설명해주세요",
                   "설명",         "찾아줘",
                   "찾아",         "찾아주세요",
                   "검색해줘",     "검색해",
                   "검색해주세요", "검색",
                   "소개해줘",     "소개해",
                   "말해줘",       "말해",
                   "가르쳐줘",     "가르쳐",
                   "궁금해",       "궁금해요",
                   "싶어",         "싶어요",
                   "있어",         "있어요",
                   "있나요",       "있니",
                   "있습니까",     "있는",
                   "있지",         "인가요",
                   "입니까",       "이야",
                   "되나요",       "됩니까",
                   "되지",         "무엇인가",
                   "그리고",       "그럼",
                   "그러면",       "혹시",
                   "지금",         "안녕하세요",
                   "안녕",         "그",
                   "이",           "저",
                   "것",           "거",
                   "거야",         "수",
                   "및",           "또",
                   "또는",         "이름",
                   "하나요",       "해요",
                   "위치한",       "위치해",
                   "뜻",           "의미",
                   "알고",         "정보",
                   "정보를",       "위키백과에서",
                   "위키에서",     "웹에서",
                   "인터넷에서",   "위키피디아에서",
                   "대해선",       "부탁해",
                   "부탁해요",     "부탁합니다"});
}

bool is_korean_pronoun(std::string_view word) {
  return in(word, {"그는",   "그가",   "그녀는", "그녀가", "그의", "그녀의",   "그녀",   "그것은", "그것",
                   "그것의", "그것이", "그분은", "그분이", "그분", "그건",     "그곳은", "그곳",   "그들은",
                   "그를",   "그녀를", "거기는", "이것은", "이것", "그사람은", "그사람"});
}

// A verb or adjective at a sentence's end. Its stem helps to find the answer, but not to search.
bool is_predicate(std::string_view word) {
  for (std::string_view ending :
       {"나요",   "니까", "어요", "아요", "했어",   "었어", "았어", "였어", "왔어", "졌어",
        "났어",   "인가", "는지", "을까", "일까",   "었니", "았니", "했니", "났니", "졌니",
        "었지",   "았지", "했지", "었나", "았나",   "했나", "났나", "졌나", "는가", "은가",
        "습니다", "해요", "지요", "이죠", "하니",   "이니", "썼어", "봤어", "갔어", "샀어",
        "됐어",   "워요", "려요", "가요", "이에요", "예요", "이야", "거야", "던가", "을까요"})
    if (word.ends_with(ending) && word.size() > ending.size()) return true;
  return false;
}

Focus korean_focus(std::string_view text) {
  auto has = [&](std::string_view part) { return text.find(part) != std::string_view::npos; };
  if (has("누구") || has("누가") || has("누군")) return Focus::person;
  if (has("언제") || has("몇 년") || has("며칠") || has("몇년")) return Focus::time;
  if (has("어디")) return Focus::place;
  if (has("몇") || has("얼마") || has("인구") || has("높이") || has("넓이") || has("면적"))
    return Focus::quantity;
  return Focus::none;
}

}  // namespace

Subject english_subject(std::string_view question) {
  Subject subject;
  Words all = words(question, 600);
  subject.focus = english_focus(all);
  subject.ellipsis = all.size() >= 3 && in(all[0].low, {"what", "how", "and"}) && all[1].low == "about";
  if (all.size() >= 2 && all.size() <= 6 && all[0].low == "and" &&
      !in(all[1].low, {"who", "what", "when", "where", "which", "how", "why"}))
    subject.ellipsis = true;
  std::vector<bool> keep = kept_words(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    subject.refers_back = subject.refers_back || (is_pronoun(without_possessive(all[i].low)) && !keep[i]);
    if (!keep[i]) continue;
    std::string_view shown = without_possessive(all[i].text);
    if (subject.query.size() + shown.size() < kQueryBytes) append_word(subject.query, shown);
    if (!is_stop_word(all[i].low) || all[i].quoted) add_term(subject.terms, stem(all[i]));
  }
  subject.entity = longest_name(all, keep);
  return subject;
}

Subject korean_subject(std::string_view question) {
  Subject subject;
  subject.focus = korean_focus(question);
  Words all = words(question, 600);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Word& word = all[i];
    std::string_view bare = strip_particle(word.text);
    // "에펠탑이란?" and "AI란 무엇인가": 란 marks what is asked about
    if (is_korean_pronoun(word.text)) {
      subject.refers_back = true;
      continue;
    }
    bool asks = is_korean_question_word(word.text) || is_korean_question_word(bare);
    bool filler = is_korean_filler(word.text) || (!word.korean && is_stop_word(word.low));
    if ((asks || filler) && !word.quoted) continue;
    std::string stemmed = stem(word);
    bool predicate = i + 1 == all.size() && is_predicate(word.text) && !word.quoted;
    if (predicate && stemmed == word.low) {
      // "태어났어": two syllables are enough to meet "태어난"
      if (length(word.text) >= 3) add_term(subject.terms, std::string(word.text.substr(0, 6)));
      continue;
    }
    std::string_view shown = predicate ? std::string_view(stemmed) : bare;
    if (subject.query.size() + shown.size() < kQueryBytes) append_word(subject.query, shown);
    add_term(subject.terms, stemmed);
    if (subject.entity.empty() || word.quoted) subject.entity = std::string(bare);
  }
  std::vector<Word> trailing = words(question, 600);
  subject.ellipsis = all.size() <= 3 && !trailing.empty() && subject.terms.size() == 1 &&
                     (all.back().text.ends_with("은") || all.back().text.ends_with("는")) &&
                     all.front().low == "그럼";
  return subject;
}

Subject resolve(Subject subject, const Subject& before) {
  const std::string& earlier = before.entity.empty() ? before.query : before.entity;
  if (earlier.empty()) return subject;
  if (subject.ellipsis && !subject.query.empty() && !before.entity.empty()) {
    Subject moved = before;
    std::size_t at = moved.query.find(before.entity);
    if (at == std::string::npos) return subject;
    moved.query.replace(at, before.entity.size(), subject.query);
    std::vector<std::string> old_terms;
    for (const Word& word : words(before.entity)) old_terms.push_back(stem(word));
    std::erase_if(moved.terms,
                  [&](const std::string& t) { return std::ranges::find(old_terms, t) != old_terms.end(); });
    for (const std::string& term : subject.terms) add_term(moved.terms, term);
    moved.entity = subject.entity.empty() ? subject.query : subject.entity;
    return moved;
  }
  if (!subject.refers_back) return subject;
  std::string query = earlier;
  if (!subject.query.empty()) query += " " + subject.query;
  subject.query = query;
  std::vector<std::string> terms;
  for (const Word& word : words(earlier))
    if (!is_stop_word(word.low)) add_term(terms, stem(word));
  for (std::string& term : subject.terms) add_term(terms, std::move(term));
  subject.terms = std::move(terms);
  subject.entity = earlier;
  return subject;
}

}  // namespace troupe::models::builtin

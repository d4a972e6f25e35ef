#include "models/builtin/topic.h"

#include "models/builtin/shared_words.h"
#include "models/builtin/utf8.h"
#include "models/builtin/words.h"

#include <algorithm>
#include <unordered_set>

namespace troupe::models::builtin {

namespace {

// As stem() gives them.
const std::unordered_set<std::string_view>& english_work() {
  static const std::unordered_set<std::string_view> kWork{
      "writ",     "report",   "post",     "blog",     "articl",     "research",  "find",      "found",
      "collect",  "gather",   "list",     "bullet",   "point",      "sourc",     "cit",       "fact",
      "key",      "topic",    "mak",      "creat",    "draft",      "prepar",    "brief",     "short",
      "long",     "summar",   "summary",  "summariz", "summaris",   "sum",       "review",    "check",
      "edit",     "compar",   "note",     "task",     "result",     "finding",   "answer",    "request",
      "materia",  "material", "below",    "above",    "sentenc",    "paragraph", "markdown",  "head",
      "heading",  "title",    "section",  "text",     "essay",      "page",      "piec",      "document",
      "overview", "outlin",   "analys",   "analyz",   "investigat", "stud",      "study",     "look",
      "get",      "put",      "includ",   "cover",    "new",        "known",     "learn",     "two",
      "three",    "four",     "fiv",      "six",      "seven",      "eight",     "nin",       "ten",
      "word",     "clear",    "clearly",  "simpl",    "good",       "final",     "first",     "link",
      "reader",   "json",     "object",   "question", "main",       "import",    "important", "detail",
      "say",      "use",      "base",     "discus",   "decid",      "argu",      "debat",     "expect",
      "output",   "team",     "colleagu", "concis"};
  return kWork;
}

// Beginnings of words, particles and endings aside.
constexpr std::string_view kKoreanWork[] = {
    "작성",   "보고서", "조사", "정리", "요약", "출처", "자료", "검토", "글을", "써",   "찾아", "해줘",
    "하세요", "해주세", "대한", "대해", "관한", "관해", "알려", "목록", "문장", "결과", "다음", "기사"};

std::string_view without_work_in_front(std::string_view text) {
  std::size_t from = 0;
  for (const Word& word : words(text, 24)) {
    if (word.korean || (!is_stop_word(word.low) && !is_work_word(stem(word)))) {
      from = word.at;
      break;
    }
    from = word.end();
  }
  return text.substr(from);
}

}  // namespace

Language language_of(std::string_view text) {
  return has_hangul(text) ? Language::korean : Language::english;
}

bool is_work_word(std::string_view stem) {
  if (english_work().contains(stem)) return true;
  return std::ranges::any_of(kKoreanWork, [&](std::string_view begin) { return stem.starts_with(begin); });
}

std::vector<std::string> subject_stems(std::string_view text) {
  std::vector<std::string> stems = content_stems(text, kWordsWanted);
  std::erase_if(stems, [](const std::string& one) { return is_work_word(one); });
  return stems;
}

Subject topic_of(std::string_view task) {
  const std::string_view rest = without_work_in_front(task);
  const bool korean = language_of(task) == Language::korean;
  Subject topic = korean ? korean_subject(rest) : english_subject(rest);
  std::string query;
  std::vector<std::string> terms;
  for (const Word& word : words(topic.query)) {
    const std::string one = stem(word);
    if (is_work_word(one)) continue;
    if (is_stop_word(word.low) && query.empty()) continue;
    query += (query.empty() ? "" : " ") + std::string(word.text);
    if (!is_stop_word(word.low)) terms.push_back(one);
  }
  if (terms.empty()) query.clear();
  topic.query = std::move(query);
  topic.terms = std::move(terms);
  if (!topic.entity.empty() && !topic.query.contains(topic.entity)) topic.entity.clear();
  topic.refers_back = topic.ellipsis = false;
  return topic;
}

}  // namespace troupe::models::builtin

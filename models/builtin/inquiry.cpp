#include "models/builtin/inquiry.h"

#include "models/builtin/clauses.h"
#include "models/builtin/utf8.h"
#include "models/builtin/words.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace troupe::models::builtin {

namespace {

using Set = std::unordered_set<std::string_view>;
using Words = std::vector<Word>;

bool all_in(const Words& all, const Set& set) {
  return !all.empty() && std::ranges::all_of(all, [&](const Word& w) { return set.contains(w.low); });
}
bool any_in(const Words& all, const Set& set) {
  return std::ranges::any_of(all, [&](const Word& w) { return set.contains(w.low) && !w.quoted; });
}
bool has(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(
      parts, [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

bool is_question_word(std::string_view low) {
  static const Set kWords{"who",   "whom",   "whose",  "what",    "which", "when",  "where", "why",   "how",
                          "who's", "what's", "when's", "where's", "how's", "whats", "whos",  "wheres"};
  return kWords.contains(low);
}

bool is_greeting(const Words& all) {
  static const Set kWords{
      "hi",         "hello",    "hey",        "there",        "good",     "morning",  "afternoon",
      "evening",    "night",    "day",        "thanks",       "thank",    "you",      "very",
      "much",       "so",       "a",          "lot",          "bye",      "goodbye",  "greetings",
      "yo",         "ok",       "okay",       "great",        "cool",     "nice",     "welcome",
      "cheers",     "how",      "are",        "is",           "it",       "going",    "today",
      "doing",      "안녕",     "안녕하세요", "안녕하십니까", "반가워",   "반가워요", "반갑습니다",
      "고마워",     "고마워요", "고맙습니다", "감사합니다",   "감사해요", "잘",       "가",
      "수고하세요", "하이",     "헬로",       "how's",        "what's",   "up"};
  static const Set kMust{"hi",     "hello",      "hey",          "morning",    "afternoon", "evening",
                         "night",  "thanks",     "thank",        "bye",        "goodbye",   "greetings",
                         "yo",     "cheers",     "great",        "cool",       "ok",        "okay",
                         "안녕",   "안녕하세요", "안녕하십니까", "반가워",     "반가워요",  "반갑습니다",
                         "고마워", "고마워요",   "고맙습니다",   "감사합니다", "감사해요",  "수고하세요",
                         "하이",   "헬로"};
  if (!all_in(all, kWords)) return false;
  bool how_are_you = all.size() >= 3 && all[0].low == "how" &&
                     (all.back().low == "you" || all.back().low == "going" || all.back().low == "today" ||
                      all.back().low == "doing");
  return how_are_you || any_in(all, kMust);
}

bool is_about_self(std::string_view clause, const Words& all) {
  static const Set kWords{"who",      "what",  "are",  "is",      "you",  "your",   "name", "can",
                          "do",       "a",     "an",   "the",     "bot",  "human",  "ai",   "robot",
                          "language", "model", "llm",  "chatgpt", "real", "person", "how",  "work",
                          "help",     "me",    "with", "which",   "use",  "tools",  "have", "who's",
                          "what's",   "able",  "to",   "made",    "kind", "of",     "and",  "gpt"};
  static const Set kYou{"you", "your"};
  if (all_in(all, kWords) && any_in(all, kYou)) return true;
  if (all.size() == 1 && (all[0].low == "help" || all[0].low == "도움말")) return true;
  bool you = has(clause, {"너는", "넌 ", "당신은", "네 이름", "너의", "당신의", "너 누구", "니 이름"});
  return (you && has(clause, {"누구", "이름", "뭐야", "무엇", "뭘 할", "무엇을 할", "뭐 할"})) ||
         has(clause, {"뭘 할 수 있", "무엇을 할 수 있", "뭐 할 수 있", "이름이 뭐"});
}

// Orders to make something, and what depends on taste or on the person: rules cannot do these.
bool needs_language_model(const Words& all) {
  static const Set kOrders{
      "write",     "compose",    "translate", "summarize", "summarise",  "code",     "implement", "draw",
      "generate",  "create",     "rewrite",   "rephrase",  "paraphrase", "improve",  "fix",       "debug",
      "refactor",  "program",    "suggest",   "recommend", "imagine",    "pretend",  "plan",      "draft",
      "proofread", "brainstorm", "invent",    "make",      "design",     "compare",  "analyze",   "analyse",
      "review",    "sing",       "act",       "roleplay",  "argue",      "advise",   "convince",  "help",
      "convert",   "play",       "continue",  "reply",     "answer",     "ignore",   "forget",    "repeat",
      "say",       "guess",      "build",     "edit",      "correct",    "critique", "discuss",   "prove"};
  static const Set kTaste{"best",      "worst",  "favorite", "favourite", "should", "opinion",
                          "recommend", "better", "prefer",   "beautiful", "funny",  "joke",
                          "poem",      "haiku",  "story",    "lyrics",    "essay"};
  static const Set kPersonal{"i",    "me",    "my",  "mine", "we",     "us",     "our",     "you",
                             "your", "yours", "i'm", "i've", "you're", "myself", "yourself"};
  if (all.empty()) return true;
  if (kOrders.contains(all.front().low)) return true;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].quoted) continue;
    bool known = i + 1 < all.size() && (all[i + 1].low == "known" || all[i + 1].low == "selling");
    if (kTaste.contains(all[i].low) && !known) return true;
  }
  bool about_me = all.size() >= 2 && all[0].low == "tell" && all[1].low == "me";
  for (std::size_t i = about_me ? 2 : 0; i < all.size(); ++i)
    if (kPersonal.contains(all[i].low) && !all[i].quoted && !(all[i].low == "us" && all[i].text == "US"))
      return true;
  bool what_if = all.size() >= 2 && (all[0].low == "what" || all[0].low == "how") &&
                 (all[1].low == "if" || all[1].low == "to" || all[1].low == "would");
  return what_if;
}

bool is_yes_no(const Words& all) {
  static const Set kFirst{"is",   "are",  "was",   "were",   "do",     "does",  "did",     "has",
                          "have", "had",  "can",   "could",  "should", "would", "will",    "shall",
                          "may",  "must", "isn't", "aren't", "wasn't", "don't", "doesn't", "didn't"};
  return !all.empty() && kFirst.contains(all.front().low);
}

bool is_english_lookup(std::string_view clause, const Words& all) {
  static const Set kOrders{"search", "look", "find", "define", "describe", "explain", "tell",
                           "show",   "give", "name", "list",   "lookup",   "google"};
  if (all.empty()) return false;
  if (is_question_word(all.front().low) || kOrders.contains(all.front().low)) return true;
  bool asked = clause.ends_with('?');
  if (is_yes_no(all)) return false;
  bool inside = std::ranges::any_of(all, [](const Word& w) { return is_question_word(w.low); });
  if (asked) return inside || all.size() <= 10;
  // A bare name or heading: "Ada Lovelace", "Capital of France", "definition of entropy"
  static const Set kHeads{"definition", "meaning",   "history", "capital",
                          "population", "biography", "height",  "information"};
  if (kHeads.contains(all.front().low)) return true;
  return all.size() <= 5 &&
         std::ranges::all_of(all, [](const Word& w) { return w.capital || is_stop_word(w.low); }) &&
         std::ranges::any_of(all, [](const Word& w) { return w.capital && !is_stop_word(w.low); });
}

bool is_english_clock(const Words& all, std::string& place) {
  static const Set kClock{"time",  "date",    "day",    "today",   "today's", "current", "currently",
                          "now",   "right",   "week",   "month",   "year",    "local",   "weekday",
                          "clock", "o'clock", "moment", "present", "exact",   "please",  "whats"};
  static const Set kMust{"time", "date", "day", "year", "month", "weekday", "o'clock", "today", "today's"};
  static const Set kNow{"now", "today", "today's", "current", "currently", "it", "local", "moment"};
  std::size_t count = all.size();
  for (std::size_t i = 1; i < all.size(); ++i)
    if ((all[i - 1].low == "in" || all[i - 1].low == "at" || all[i - 1].low == "for") && all[i].capital) {
      count = i - 1;
      for (std::size_t j = i; j < all.size(); ++j) {
        if (!all[j].capital && !place.empty()) break;
        if (!place.empty()) place += ' ';
        place += all[j].text;
      }
      break;
    }
  bool must = false, now = false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& w = all[i].low;
    if (!kClock.contains(w) && !is_stop_word(w)) return false;
    must = must || kMust.contains(w);
    now = now || kNow.contains(w) ||
          (w == "the" && i + 1 < count && (all[i + 1].low == "time" || all[i + 1].low == "date"));
    if (w == "how" || w == "when" || w == "who" || w == "where" || w == "why") return false;
  }
  return must && now;
}

bool is_korean_clock(std::string_view clause) {
  if (has(clause, {"몇 시간", "몇시간", "걸려", "걸리", "까지", "부터", "남았"})) return false;
  bool now = has(clause, {"지금", "현재", "오늘", "이번"});
  if (has(clause, {"몇 시야", "몇시야", "몇 시예요", "몇시예요", "몇 시인가요", "몇 시입니까", "몇 시에요",
                   "몇시인가요", "지금 몇 시", "지금 몇시"}))
    return words(clause).size() <= 6;
  return now &&
         has(clause, {"몇 시", "몇시", "시각", "시간", "날짜", "며칠", "몇 일", "몇일", "요일", "몇 월",
                      "몇 년", "몇년"}) &&
         words(clause).size() <= 7;
}

bool korean_needs_language_model(std::string_view clause) {
  return has(clause,
             {"써줘",   "써 줘",     "써주세요",  "써 주세요",    "지어줘",      "지어 줘",     "번역",
              "작성해", "만들어줘",  "만들어 줘", "만들어주세요", "추천",        "요약해",      "코드",
              "짜줘",   "짜 줘",     "그려줘",    "그려 줘",      "생각해",      "어떻게 생각", "좋을까",
              "할까요", "해야 할까", "농담",      "시 한 편",     "노래",        "조언",        "위로",
              "고쳐줘", "고쳐 줘",   "비교해",    "상상",         "이야기를 해", "이야기해 줘", "놀아",
              "심심",   "나는 ",     "내가 ",     "내 ",          "우리 ",       "너는 ",       "당신"});
}

bool is_korean_lookup(std::string_view clause, const Words& all) {
  if (has(clause, {"누구", "누가", "누군", "누굴",   "무엇", "뭐", "뭔",     "무슨", "언제",
                   "어디", "어느", "어떤", "몇",     "얼마", "왜", "알려",   "찾아", "검색",
                   "설명", "소개", "대해", "대하여", "관해", "뜻", "가르쳐", "말해", "궁금"}))
    return true;
  bool asked = clause.ends_with('?') || clause.ends_with("？");
  return asked && all.size() <= 6 && !clause.ends_with("까?") && !clause.ends_with("니?");
}

Ability preferred_tool(const Words& all) {
  static const Set kEncyclopedia{"wikipedia", "wiki",     "encyclopedia", "위키백과",      "위키백과에서",
                                 "위키",      "위키에서", "위키피디아",   "위키피디아에서"};
  static const Set kWeb{"web",        "internet", "online",    "google",  "news",
                        "latest",     "recent",   "currently", "weather", "웹에서",
                        "인터넷에서", "뉴스",     "최신",      "최근",    "날씨"};
  static const Set kOwn{"handbook",  "docs", "documents", "document", "policy",
                        "knowledge", "문서", "문서에서",  "자료에서", "핸드북"};
  if (any_in(all, kEncyclopedia)) return Ability::encyclopedia;
  if (any_in(all, kOwn)) return Ability::retrieve;
  if (any_in(all, kWeb)) return Ability::web;
  return Ability::none;
}

// "search the web for X", "X on Wikipedia": where to look is not what to look for.
std::string without_place_to_look(std::string_view clause) {
  static constexpr std::array<std::string_view, 18> kPhrases{
      "search the web for",    "search the internet for",
      "search wikipedia for",  "search online for",
      "look up on wikipedia",  "on wikipedia",
      "in wikipedia",          "from wikipedia",
      "using wikipedia",       "on the web",
      "on the internet",       "according to wikipedia",
      "in the handbook",       "according to the handbook",
      "use wikipedia to find", "use wikipedia",
      "with wikipedia",        "wikipedia:"};
  std::string text(clause), low = lower(clause);
  for (std::string_view phrase : kPhrases) {
    std::size_t at = low.find(phrase);
    if (at == std::string::npos || phrase.size() + 3 >= text.size()) continue;
    text.replace(at, phrase.size(), phrase.size(), ' ');
    low.replace(at, phrase.size(), phrase.size(), ' ');
  }
  return text;
}

bool is_english(std::string_view text) {
  if (!has_hangul(text)) return true;
  if (starts_request(text)) return true;
  std::size_t korean = 0, latin = 0;
  for (const Word& word : words(text, 400)) (word.korean ? korean : latin) += 1;
  return korean * 3 < latin;
}

Ask read_ask(std::string_view clause, Language language, const std::optional<std::string>& number) {
  Ask ask;
  ask.text = std::string(clause);
  if (auto sum = read_arithmetic(clause, number ? std::optional<std::string_view>(*number) : std::nullopt)) {
    ask.kind = AskKind::arithmetic;
    ask.arithmetic = std::move(*sum);
    return ask;
  }
  std::string_view bare = language == Language::english ? without_courtesy(clause) : clause;
  Words all = words(bare, 600);
  if (is_about_self(bare, all)) {
    ask.kind = AskKind::about_self;
  } else if (is_greeting(words(clause, 600))) {
    ask.kind = AskKind::greeting;
  } else if (language == Language::english) {
    if (is_english_clock(all, ask.place))
      ask.kind = AskKind::clock;
    else if (!needs_language_model(all) && is_english_lookup(bare, all))
      ask.kind = AskKind::lookup;
  } else {
    if (is_korean_clock(bare))
      ask.kind = AskKind::clock;
    else if (!korean_needs_language_model(bare) && is_korean_lookup(bare, all))
      ask.kind = AskKind::lookup;
  }
  if (ask.kind != AskKind::clock) ask.place.clear();
  if (ask.kind == AskKind::lookup) {
    ask.preferred = preferred_tool(all);
    std::string text = without_place_to_look(bare);
    ask.subject = language == Language::english ? english_subject(text) : korean_subject(text);
    if (ask.subject.query.empty()) ask.subject.refers_back = true;
  }
  return ask;
}

// Whether a clause that rules cannot serve is a request at all, or only says something.
bool is_statement(const Ask& ask) {
  if (ask.kind != AskKind::language_model) return false;
  if (ask.text.ends_with('?') || starts_request(ask.text)) return false;
  return !has(ask.text, {"줘", "주세요", "해라", "하세요", "까?", "할래", "합시다"});
}

}  // namespace

std::optional<std::string> last_number(std::string_view answer) {
  std::size_t end = answer.size();
  while (end > 0 && !is_digit(answer[end - 1])) --end;
  if (end == 0) return std::nullopt;
  std::size_t from = end;
  auto part = [&](std::size_t at) {
    char c = answer[at];
    bool between = at > 0 && is_digit(answer[at - 1]) && at + 1 < end && is_digit(answer[at + 1]);
    return is_digit(c) || ((c == '.' || c == ',') && between);
  };
  while (from > 0 && part(from - 1)) --from;
  bool exponent =
      from >= 2 && (answer[from - 1] == 'e' || answer[from - 1] == 'E') && is_digit(answer[from - 2]);
  if (exponent) return std::nullopt;  // 1e30 is not 30
  if (from >= 2 && (answer[from - 1] == '-' || answer[from - 1] == '+') &&
      (answer[from - 2] == 'e' || answer[from - 2] == 'E'))
    return std::nullopt;
  bool negative = from > 0 && answer[from - 1] == '-' &&
                  (from == 1 || !(is_digit(answer[from - 2]) || is_letter(answer[from - 2])));
  std::string number = negative ? "-" : "";
  for (char c : answer.substr(from, end - from))
    if (c != ',') number += c;
  return number.size() <= 400 ? std::optional(number) : std::nullopt;
}

Inquiry read_inquiry(std::string_view message, const Earlier& earlier) {
  Inquiry inquiry;
  inquiry.language = is_english(message) ? Language::english : Language::korean;
  std::vector<Ask> read;
  // The whole message may be one sum: "Hi! Can you tell me what 3 + 4 is? Thanks!"
  Ask whole;
  if (message.size() <= 1000) whole = read_ask(message, inquiry.language, earlier.number);
  if (whole.kind == AskKind::arithmetic) {
    inquiry.asks.push_back(std::move(whole));
    return inquiry;
  }
  for (std::string_view clause : clauses(message)) {
    Language language = is_english(clause) ? Language::english : Language::korean;
    read.push_back(read_ask(clause, language, earlier.number));
  }

  auto useful = [](const Ask& ask) {
    return ask.kind == AskKind::arithmetic || ask.kind == AskKind::lookup || ask.kind == AskKind::clock;
  };
  bool any_useful = std::ranges::any_of(read, useful);
  bool any_request = std::ranges::any_of(read, [&](const Ask& a) {
    return useful(a) || (a.kind == AskKind::language_model && !is_statement(a));
  });
  std::optional<Subject> before = earlier.subject;
  for (Ask& ask : read) {
    bool context = any_request && (is_statement(ask) || ask.kind == AskKind::greeting);
    if (context && !useful(ask)) continue;
    if (any_useful && ask.kind == AskKind::greeting) continue;
    if (inquiry.asks.size() >= kAsksMax) {
      inquiry.more_asked = true;
      break;
    }
    if (ask.kind == AskKind::lookup && before) ask.subject = resolve(std::move(ask.subject), *before);
    inquiry.asks.push_back(std::move(ask));
    if (inquiry.asks.back().kind == AskKind::lookup && !inquiry.asks.back().subject.query.empty())
      before = inquiry.asks.back().subject;
  }
  if (inquiry.asks.empty() && !read.empty()) inquiry.asks.push_back(std::move(read.front()));
  return inquiry;
}

}  // namespace troupe::models::builtin

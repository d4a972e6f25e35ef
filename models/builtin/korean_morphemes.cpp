#include "models/builtin/korean_morphemes.h"

#include "models/builtin/number_words.h"
#include "models/builtin/utf8.h"

#include <algorithm>
#include <unordered_map>

namespace troupe::models::builtin {

namespace {

constexpr std::size_t kRunBytes = 120;  // 40 syllables: longer words do not exist
constexpr std::size_t kPieceBytes = 24;

const std::unordered_map<std::string_view, std::string_view>& pieces() {
  static const std::unordered_map<std::string_view, std::string_view> kPieces = [] {
    std::unordered_map<std::string_view, std::string_view> m{
        // particles
        {"의", "of"},
        {"을", "obj"},
        {"를", "obj"},
        {"에서", "from"},
        {"에다가", "to"},
        {"에다", "to"},
        {"에", "to"},
        {"으로", "by"},
        {"로", "by"},
        {"과", "and"},
        {"와", "and"},
        {"하고", "and"},
        {"이랑", "and"},
        {"랑", "and"},
        {"부터", "rangefrom"},
        {"까지", "rangeto"},
        {"까지의", "rangeto"},
        // between the operands
        {"더하기", "plus"},
        {"플러스", "plus"},
        {"빼기", "minus"},
        {"마이너스", "minus"},
        {"곱하기", "times"},
        {"나누기", "over"},
        {"분의", "parts"},
        // nouns and suffixes
        {"합", "sum"},
        {"총합", "sum"},
        {"합계", "sum"},
        {"합산", "sum"},
        {"곱", "product"},
        {"차", "difference"},
        {"차이", "difference"},
        {"평균", "average"},
        {"최대공약수", "gcd"},
        {"최소공배수", "lcm"},
        {"나머지", "remainder"},
        {"몫", "quotient"},
        {"제곱", "square"},
        {"세제곱", "cube"},
        {"제곱근", "sqrt"},
        {"루트", "sqrt"},
        {"세제곱근", "cbrt"},
        {"승", "power"},
        {"팩토리얼", "factorial"},
        {"계승", "factorial"},
        {"배", "fold"},
        {"두배", "2fold"},
        {"세배", "3fold"},
        {"네배", "4fold"},
        {"절반", "half"},
        {"반", "half"},
        {"퍼센트", "percent"},
        {"프로", "percent"},
        {"파이", "pi"},
        {"원주율", "pi"},
        {"사인", "sin"},
        {"코사인", "cos"},
        {"탄젠트", "tan"},
        {"로그", "log"},
        {"자연로그", "ln"},
        {"도", "degree"},
        // what was answered before
        {"그것", "it"},
        {"거기", "it"},
        {"여기", "it"},
        {"이것", "it"},
        {"그값", "it"},
        {"그결과", "it"},
        {"그거", "it"},
    };
    // Verbs, by the stems their endings leave behind.
    for (auto [verb, stems] :
         std::initializer_list<std::pair<std::string_view, std::vector<std::string_view>>>{
             {"added", {"더하", "더한", "더해", "더할", "더했", "합하", "합한", "합치", "합친", "합쳐"}},
             {"taken", {"빼", "뺀", "뺄", "뺐"}},
             {"multiplied", {"곱하", "곱한", "곱해", "곱할", "곱했"}},
             {"divided", {"나누", "나눈", "나눠", "나눌", "나뉜", "나눴", "나누어"}}})
      for (std::string_view stem : stems) m.emplace(stem, verb);
    // Endings, politeness, "how much is it": nothing to calculate.
    for (std::string_view filler :
         {"은",       "는",         "이",         "가",         "요",         "면",       "고",
          "서",       "며",         "후",         "다음",       "뒤",         "값",       "결과",
          "것",       "수",         "기",         "은요",       "는요",       "얼마",     "얼마야",
          "얼마지",   "얼마죠",     "얼마예요",   "얼마에요",   "얼마인가요", "얼마인가", "얼마입니까",
          "입니까",   "인가요",     "인가",       "이야",       "야",         "예요",     "이에요",
          "에요",     "뭐야",       "뭐",         "뭔가요",     "뭐지",       "뭐예요",   "뭐에요",
          "무엇",     "무엇인가요", "무엇인가",   "무엇입니까", "몇",         "계산",     "해",
          "줘",       "주세요",     "주라",       "하면",       "한",         "할",       "하자",
          "하시오",   "하세요",     "합니까",     "합니다",     "알려",       "구해",     "구하",
          "좀",       "답",         "정답",       "그럼",       "그러면",     "그리고",   "이고",
          "되",       "되나요",     "되죠",       "되지",       "돼",         "될까",     "될까요",
          "됩니까",   "되는지",     "되는",       "인지",       "인데",       "문제",     "수식",
          "식",       "풀어",       "안녕하세요", "안녕",       "정확히",     "정확한",   "지",
          "죠",       "나요",       "까",         "나와",       "나오",       "나올까",   "나오나요",
          "나옵니까", "그런데",     "혹시",       "같",         "니까",       "여",       "보면",
          "봐",       "볼래",       "결과값",     "값은",       "다시",       "거기에서", "그",
          "이제",     "모두",       "다",         "전체",       "자연수",     "정수",     "숫자",
          "ㄴ",       "라",         "어",         "세요",       "어요",       "부탁",     "해요",
          "드려요",   "드립니다",   "나",         "에게",       "저",         "제게",     "내게",
          "바로",     "일까",       "일까요",     "인거야",     "거야",       "건가요"})
      m.emplace(filler, "");
    return m;
  }();
  return kPieces;
}

// Longest pieces first, with a memory of where splitting failed, so that the search is short.
class Splitter {
 public:
  Splitter(std::string_view run, bool after_number)
      : run_(run), after_number_(after_number), dead_(run.size() + 1) {}

  bool split(std::size_t from) {
    if (from == run_.size()) return true;
    if (dead_[from]) return false;
    for (std::size_t size = std::min(kPieceBytes, run_.size() - from); size >= 3; size -= 3) {
      std::string_view piece = run_.substr(from, size);
      if (auto number = numeral(piece, from); number && attempt(std::move(*number), from + size)) return true;
      if (auto known = pieces().find(piece); known != pieces().end())
        if (attempt(std::string(known->second), from + size)) return true;
    }
    dead_[from] = true;
    return false;
  }

  std::vector<std::string> out;

 private:
  bool attempt(std::string word, std::size_t next) {
    std::size_t kept = out.size();
    if (!word.empty()) out.push_back(std::move(word));
    if (split(next)) return true;
    out.resize(kept);
    return false;
  }

  // A numeral stands at the start of a word. A single syllable is one only when it is the whole word, because
  // "이", "만" or "일" begin many others. Counting forms (두, 세, 네) go with what is counted.
  std::optional<std::string> numeral(std::string_view piece, std::size_t from) const {
    if (from != 0 || after_number_) return std::nullopt;
    bool whole = piece.size() == run_.size();
    if (piece.size() == 3 && !whole) return std::nullopt;
    if (whole && piece == "두") return "2";
    if (whole && piece == "세") return "3";
    if (whole && piece == "네") return "4";
    auto value = korean_number(piece);
    return value ? std::optional(std::to_string(*value)) : std::nullopt;
  }

  std::string_view run_;
  bool after_number_;
  std::vector<bool> dead_;
};

}  // namespace

std::optional<std::vector<std::string>> korean_morphemes(std::string_view run, bool after_number) {
  if (run.size() > kRunBytes) return std::nullopt;
  Splitter splitter(run, after_number);
  if (!splitter.split(0)) return std::nullopt;
  return std::move(splitter.out);
}

}  // namespace troupe::models::builtin

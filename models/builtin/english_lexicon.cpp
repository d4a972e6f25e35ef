#include "models/builtin/english_lexicon.h"

#include "models/builtin/number_words.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>

namespace troupe::models::builtin {

namespace {

using Kind = MathToken::Kind;

// Phrases of several words, and what they are to the parser. Longer ones first where one begins another.
struct Phrase {
  std::vector<std::string_view> words;
  Kind kind;
  std::string_view text;
};

const std::vector<Phrase>& phrases() {
  static const std::vector<Phrase> kPhrases{
      {{"raised", "to", "the", "power", "of"}, Kind::power, "^"},
      {{"raised", "to", "the", "power"}, Kind::power, "^"},
      {{"to", "the", "power", "of"}, Kind::power, "^"},
      {{"to", "the", "power"}, Kind::power, "^"},
      {{"raised", "to", "the"}, Kind::word, "raised"},
      {{"raised", "to"}, Kind::word, "raised"},
      {{"to", "the"}, Kind::word, "raised"},
      {{"divided", "by"}, Kind::over, "/"},
      {{"divided", "into"}, Kind::over, "/"},
      {{"multiplied", "by"}, Kind::times, "*"},
      {{"multiplied", "with"}, Kind::times, "*"},
      {{"added", "to"}, Kind::plus, "+"},
      {{"increased", "by"}, Kind::word, "increased"},
      {{"decreased", "by"}, Kind::word, "decreased"},
      {{"reduced", "by"}, Kind::word, "decreased"},
      {{"take", "away"}, Kind::minus, "-"},
      {{"square", "root"}, Kind::word, "sqrt"},
      {{"cube", "root"}, Kind::word, "cbrt"},
      {{"cubic", "root"}, Kind::word, "cbrt"},
      {{"natural", "logarithm"}, Kind::word, "ln"},
      {{"natural", "log"}, Kind::word, "ln"},
      {{"absolute", "value"}, Kind::word, "abs"},
      {{"greatest", "common", "divisor"}, Kind::word, "gcd"},
      {{"greatest", "common", "factor"}, Kind::word, "gcd"},
      {{"least", "common", "multiple"}, Kind::word, "lcm"},
      {{"lowest", "common", "multiple"}, Kind::word, "lcm"},
      {{"less", "than"}, Kind::word, "lessthan"},
      {{"fewer", "than"}, Kind::word, "lessthan"},
      {{"more", "than"}, Kind::word, "morethan"},
      {{"out", "of"}, Kind::over, "/"},
      {{"per", "cent"}, Kind::percent, "%"},
      {{"what", "percentage"}, Kind::word, "whatpercent"},
      {{"what", "percent"}, Kind::word, "whatpercent"},
      {{"which", "percentage"}, Kind::word, "whatpercent"},
      {{"how", "many", "percent"}, Kind::word, "whatpercent"},
      {{"as", "percentage"}, Kind::word, "aspercent"},
      {{"as", "a", "percentage"}, Kind::word, "aspercent"},
      {{"as", "a", "percent"}, Kind::word, "aspercent"},
      {{"in", "percent"}, Kind::word, "aspercent"},
      {{"percentage", "change"}, Kind::word, "percentchange"},
      {{"percent", "change"}, Kind::word, "percentchange"},
      {{"percentage", "increase"}, Kind::word, "percentchange"},
      {{"percent", "increase"}, Kind::word, "percentchange"},
      {{"percentage", "decrease"}, Kind::word, "percentchange"},
      {{"percent", "decrease"}, Kind::word, "percentchange"},
      {{"equal", "to"}, Kind::comma, ""},
      {{"want", "to", "know"}, Kind::comma, ""},
      {{"like", "to", "know"}, Kind::comma, ""},
      {{"need", "to", "know"}, Kind::comma, ""},
      {{"work", "out"}, Kind::comma, ""},
      {{"figure", "out"}, Kind::comma, ""},
      {{"answer", "to"}, Kind::comma, ""},
      {{"solution", "to"}, Kind::comma, ""},
      {{"value", "of"}, Kind::comma, ""},
      {{"result", "of"}, Kind::comma, ""},
      {{"result", "when"}, Kind::comma, ""},
  };
  return kPhrases;
}

struct OneWord {
  std::string_view word;
  Kind kind;
  std::string_view text;
};
constexpr std::array kLexicon{
    OneWord{"plus", Kind::plus, "+"},          OneWord{"minus", Kind::minus, "-"},
    OneWord{"times", Kind::times, "*"},        OneWord{"over", Kind::over, "/"},
    OneWord{"percent", Kind::percent, "%"},    OneWord{"pct", Kind::percent, "%"},
    OneWord{"equals", Kind::equals, "="},      OneWord{"modulo", Kind::word, "mod"},
    OneWord{"modulus", Kind::word, "mod"},     OneWord{"degrees", Kind::degree, "°"},
    OneWord{"degree", Kind::degree, "°"},      OneWord{"raised", Kind::power, "^"},
    OneWord{"mean", Kind::word, "average"},    OneWord{"total", Kind::word, "sum"},
    OneWord{"negative", Kind::minus, "-"},     OneWord{"twice", Kind::word, "double"},
    OneWord{"deduct", Kind::word, "subtract"}, OneWord{"reduce", Kind::word, "decrease"},
    OneWord{"that", Kind::word, "it"},         OneWord{"this", Kind::word, "it"},
    OneWord{"gratuity", Kind::word, "tip"},    OneWord{"tax", Kind::word, "tip"},
    OneWord{"vat", Kind::word, "tip"},         OneWord{"interest", Kind::word, "tip"},
    OneWord{"commission", Kind::word, "tip"},  OneWord{"surcharge", Kind::word, "tip"},
    OneWord{"with", Kind::word, "and"},        OneWord{"through", Kind::word, "to"},
    OneWord{"also", Kind::word, "and"},        OneWord{"divided", Kind::over, "/"},
};

// Words that change nothing in what is asked.
const std::unordered_set<std::string_view>& fillers() {
  static const std::unordered_set<std::string_view> kFillers{"what",       "whats",
                                                             "what's",     "how",
                                                             "much",       "many",
                                                             "calculate",  "compute",
                                                             "evaluate",   "solve",
                                                             "determine",  "find",
                                                             "tell",       "me",
                                                             "us",         "give",
                                                             "gives",      "show",
                                                             "get",        "can",
                                                             "could",      "would",
                                                             "will",       "you",
                                                             "please",     "pls",
                                                             "kindly",     "i",
                                                             "want",       "need",
                                                             "like",       "know",
                                                             "help",       "do",
                                                             "does",       "did",
                                                             "the",        "a",
                                                             "an",         "result",
                                                             "value",      "answer",
                                                             "exact",      "exactly",
                                                             "quickly",    "equal",
                                                             "be",         "hi",
                                                             "hello",      "hey",
                                                             "thanks",     "thank",
                                                             "ok",         "okay",
                                                             "so",         "now",
                                                             "just",       "question",
                                                             "math",       "quick",
                                                             "expression", "following",
                                                             "number",     "numbers",
                                                             "my",         "both",
                                                             "together",   "altogether",
                                                             "s",          "when",
                                                             "if",         "make",
                                                             "makes",      "integer",
                                                             "integers",   "natural",
                                                             "positive",   "whole",
                                                             "all",        "my",
                                                             "whats",      "sum's",
                                                             "i'd",        "let's",
                                                             "lets",       "say",
                                                             "there",      "calculator",
                                                             "using",      "use",
                                                             "power",      "precisely",
                                                             "roughly",    "approximately",
                                                             "about",      "right",
                                                             "yes",        "well",
                                                             "um",         "bill"};
  return kFillers;
}

bool matches(const std::vector<MathToken>& tokens, std::size_t at, const Phrase& phrase) {
  if (at + phrase.words.size() > tokens.size()) return false;
  for (std::size_t i = 0; i < phrase.words.size(); ++i) {
    const MathToken& token = tokens[at + i];
    bool percent_sign = token.kind == Kind::percent && phrase.words[i] == "percent";
    if (!percent_sign && (token.kind != Kind::word || token.text != phrase.words[i])) return false;
  }
  return true;
}

std::vector<MathToken> read_phrases(std::vector<MathToken> tokens) {
  std::vector<MathToken> out;
  for (std::size_t i = 0; i < tokens.size();) {
    const Phrase* found = nullptr;
    if (tokens[i].kind == Kind::word)
      for (const Phrase& phrase : phrases())
        if (matches(tokens, i, phrase)) {
          found = &phrase;
          break;
        }
    if (found) {
      out.push_back({found->kind, std::string(found->text), false});
      i += found->words.size();
      continue;
    }
    MathToken& token = tokens[i++];
    if (token.kind == Kind::word) {
      auto word = std::ranges::find(kLexicon, token.text, &OneWord::word);
      if (word != kLexicon.end()) token = {word->kind, std::string(word->text), false};
    }
    out.push_back(std::move(token));
  }
  return out;
}

std::vector<MathToken> drop_fillers(std::vector<MathToken> tokens) {
  std::erase_if(tokens,
                [](const MathToken& t) { return t.kind == Kind::word && fillers().contains(t.text); });
  // "17 is divided by 5": "is" before an operator says nothing.
  std::vector<MathToken> out;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    bool is = tokens[i].kind == Kind::word && tokens[i].text == "is";
    bool before_operator =
        i + 1 < tokens.size() && tokens[i + 1].kind >= Kind::plus && tokens[i + 1].kind <= Kind::power;
    if (is && before_operator) continue;
    bool comma = tokens[i].kind == Kind::comma;
    if (comma && (out.empty() || out.back().kind == Kind::comma)) continue;
    out.push_back(std::move(tokens[i]));
  }
  return out;
}

// "2 + 2 = ?" and "2 + 2 = 5": what stands after the sign is not asked for.
std::vector<MathToken> cut_at_equals(std::vector<MathToken> tokens) {
  auto sign = std::ranges::find(tokens, Kind::equals, &MathToken::kind);
  bool number_after = std::all_of(sign == tokens.end() ? sign : sign + 1, tokens.end(),
                                  [](const MathToken& t) { return t.kind == Kind::number; });
  if (sign != tokens.begin() && number_after) tokens.erase(sign, tokens.end());
  return tokens;
}

}  // namespace

std::vector<MathToken> english_math_tokens(std::vector<MathToken> tokens) {
  return cut_at_equals(drop_fillers(read_english_numbers(read_phrases(std::move(tokens)))));
}

}  // namespace troupe::models::builtin

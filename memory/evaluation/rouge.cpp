#include "memory/evaluation/rouge.h"

#include "memory/evaluation/characters.h"
#include "memory/evaluation/common_subsequence.h"
#include "memory/knowledge/keyword/porter.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace troupe::memory {

namespace {

constexpr std::size_t kStemmedLetters = 4;  // rouge-score leaves shorter words as they are

bool is_latin(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// A text as the numbers of its tokens, line by line.
struct Numbered {
  std::vector<TokenNumbers> lines;
  TokenNumbers all;
};

/// Gives every token a number, so that tokens are compared once.
class Numbering {
 public:
  explicit Numbering(RougeTokens tokens) : tokens_(tokens) {}

  Numbered read(std::string_view text) {
    Numbered read;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::vector<std::string> tokens = rouge_tokenize(text.substr(0, end), tokens_);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (tokens.empty()) continue;
      const std::size_t room =
          read.lines.size() < kRougeTextLines ? kRougeTextTokens - read.all.size() : std::size_t{0};
      cut_ = cut_ || tokens.size() > room;
      if (room == 0) break;
      tokens.resize(std::min(tokens.size(), room));
      read.lines.push_back(numbers_of(tokens));
      read.all.insert(read.all.end(), read.lines.back().begin(), read.lines.back().end());
    }
    return read;
  }
  bool cut() const { return cut_; }

 private:
  TokenNumbers numbers_of(const std::vector<std::string>& tokens) {
    TokenNumbers numbers;
    for (const std::string& token : tokens)
      numbers.push_back(known_.try_emplace(token, static_cast<std::uint32_t>(known_.size())).first->second);
    return numbers;
  }

  RougeTokens tokens_;
  std::unordered_map<std::string, std::uint32_t> known_;
  bool cut_ = false;
};

PrecisionRecall of_counts(std::size_t common, std::size_t written, std::size_t expected) {
  if (common == 0) return {};
  const double precision = static_cast<double>(common) / static_cast<double>(written);
  const double recall = static_cast<double>(common) / static_cast<double>(expected);
  return {precision, recall, 2 * precision * recall / (precision + recall)};
}

PrecisionRecall of_grams(const TokenNumbers& text, const TokenNumbers& reference, std::size_t order) {
  const auto count = [order](const TokenNumbers& tokens) {
    return tokens.size() < order ? 0 : tokens.size() - order + 1;
  };
  std::map<std::vector<std::uint32_t>, std::size_t> left;
  const auto gram = [order](const TokenNumbers& tokens, std::size_t at) {
    const auto begin = tokens.begin() + static_cast<std::ptrdiff_t>(at);
    return std::vector(begin, begin + static_cast<std::ptrdiff_t>(order));
  };
  for (std::size_t i = 0; i < count(reference); ++i) ++left[gram(reference, i)];
  std::size_t common = 0;
  for (std::size_t i = 0; i < count(text); ++i) {
    const auto found = left.find(gram(text, i));
    if (found == left.end() || found->second == 0) continue;
    --found->second;
    ++common;
  }
  return of_counts(common, count(text), count(reference));
}

// Lin 2004, 3.2; as in his program, and not in the paper, a token counts no more often than both texts have
// it.
PrecisionRecall of_lines(const Numbered& text, const Numbered& reference) {
  std::unordered_map<std::uint32_t, std::size_t> left_text, left_reference;
  for (std::uint32_t token : text.all) ++left_text[token];
  for (std::uint32_t token : reference.all) ++left_reference[token];
  std::size_t common = 0;
  for (const TokenNumbers& expected : reference.lines) {
    std::vector<bool> in_union(expected.size());
    for (const TokenNumbers& line : text.lines)
      for (std::size_t at : common_subsequence(expected, line)) in_union[at] = true;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (!in_union[i] || left_text[expected[i]] == 0 || left_reference[expected[i]] == 0) continue;
      --left_text[expected[i]];
      --left_reference[expected[i]];
      ++common;
    }
  }
  return of_counts(common, text.all.size(), reference.all.size());
}

void keep_better(PrecisionRecall& best, const PrecisionRecall& other, bool first) {
  if (first || other.f1 > best.f1) best = other;
}

std::vector<std::string> latin_tokens(const std::u32string& lower, bool stemmed) {
  std::vector<std::string> tokens;
  std::string token;
  const auto end = [&] {
    if (stemmed && token.size() >= kStemmedLetters) token = porter_stem(token, PorterRules::nltk);
    if (!token.empty()) tokens.push_back(token);
    token.clear();
  };
  for (char32_t c : lower) {
    if (is_latin(c))
      token += static_cast<char>(c);
    else
      end();
  }
  end();
  return tokens;
}

std::vector<std::string> unicode_tokens(const std::u32string& lower) {
  std::vector<std::string> tokens;
  std::u32string token;
  bool ideograph = false;
  const auto end = [&] {
    if (!token.empty()) tokens.push_back(utf8_of(token));
    token.clear();
  };
  for (char32_t c : lower) {
    const bool mark = is_mark(c);
    if (mark ? token.empty() : !is_letter(c) && !is_number(c) && !is_ideograph(c)) {
      end();
      continue;
    }
    if (!mark && (ideograph || is_ideograph(c))) end();
    if (!mark) ideograph = is_ideograph(c);
    token += c;
  }
  end();
  return tokens;
}

}  // namespace

RougeTokens rouge_tokens_for(std::span<const std::string> texts) {
  for (const std::string& text : texts)
    for (char32_t c : characters_of(text))
      if (c >= 0x80 && c != 0xFFFD && is_letter(c)) return RougeTokens::unicode;
  return RougeTokens::latin;
}

std::vector<std::string> rouge_tokenize(std::string_view text, RougeTokens tokens) {
  const std::u32string lower = lower_case(characters_of(text));
  return tokens == RougeTokens::unicode ? unicode_tokens(lower)
                                        : latin_tokens(lower, tokens == RougeTokens::stemmed);
}

RougeScores rouge_scores(std::string_view text, std::span<const std::string> references, RougeTokens tokens) {
  Numbering numbering(tokens);
  const Numbered written = numbering.read(text);
  RougeScores best;
  bool first = true;
  for (const std::string& reference : references) {
    const Numbered expected = numbering.read(reference);
    keep_better(best.rouge1, of_grams(written.all, expected.all, 1), first);
    keep_better(best.rouge2, of_grams(written.all, expected.all, 2), first);
    keep_better(best.rouge_l,
                of_counts(common_subsequence_length(written.all, expected.all), written.all.size(),
                          expected.all.size()),
                first);
    keep_better(best.rouge_lsum, of_lines(written, expected), first);
    first = false;
  }
  best.cut = numbering.cut();
  return best;
}

}  // namespace troupe::memory

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// How ROUGE cuts a text into tokens.
enum class RougeTokens : std::uint8_t {
  latin,  ///< runs of a-z and 0-9 of the lower-case text, as Lin's program and Google's rouge-score: text of
          ///< other scripts is nothing, and "naïve" is "na" and "ve"
  stemmed,  ///< the same, words of four letters and more as their stem (Porter, as NLTK has it)
  /// Runs of letters, digits and marks of every script; Chinese characters and kana one by one. This is ours:
  /// rouge-score has no such tokenizer, and a figure made with it is to be compared with none of latin.
  unicode,
};

/// unicode where any of the texts holds a letter that is not ASCII; else latin.
RougeTokens rouge_tokens_for(std::span<const std::string> texts);

std::vector<std::string> rouge_tokenize(std::string_view text, RougeTokens tokens);

struct PrecisionRecall {
  double precision = 0;  ///< of what was written, how much the reference has
  double recall = 0;     ///< of the reference, how much was written
  double f1 = 0;
};

/// ROUGE (Lin 2004), each the best of the references by F1, the first of equal ones.
struct RougeScores {
  PrecisionRecall rouge1, rouge2;  ///< common words, common pairs of words
  PrecisionRecall rouge_l;         ///< longest common subsequence of the whole texts
  PrecisionRecall rouge_lsum;  ///< union of those of each line: sentences are to stand on lines of their own
  bool cut = false;            ///< a text was longer than the limits below, and its end was not read
};

/// The longest common subsequence takes time in proportion to the product of both lengths.
inline constexpr std::size_t kRougeTextTokens = 8'192;
inline constexpr std::size_t kRougeTextLines = 1'024;  ///< that hold a token

/// As rouge-score 0.1.2 computes them. No references: all 0. Pure; any thread.
RougeScores rouge_scores(std::string_view text, std::span<const std::string> references, RougeTokens tokens);

}  // namespace troupe::memory

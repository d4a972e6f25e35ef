#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace troupe::memory {

/// What of an answer is compared.
enum class AnswerUnit : std::uint8_t {
  /// Words between blanks, as SQuAD 1.1's official script (Rajpurkar et al. 2016, evaluate-v1.1.py) has it:
  /// lower case, without ASCII punctuation, then without the words a, an, the.
  words,
  /// Characters, for languages without blanks, or whose blanks tell little: lower case, without any script's
  /// punctuation and without articles (the normalisation of MLQA's official script, Lewis et al. 2020); F1 is
  /// over characters, blanks not counted, as KorQuAD 1.0 counts (Lim et al. 2019). An exact match has the
  /// same
  /// blanks.
  characters,
};

/// characters where any of the references holds Hangul, Chinese characters or kana; else words. What was
/// answered has no say in it.
AnswerUnit answer_unit(std::span<const std::string> references);

struct AnswerMatch {
  double exact = 0;  ///< 1: one of the references was given, else 0
  double f1 = 0;     ///< harmonic mean of precision and recall, of the best reference
};

/// How an answer agrees with the best of the references, for each of both figures. As in the script, an
/// answer and a reference that are empty once normalised match exactly, and their F1 is 0. No references:
/// both 0. Pure; any thread.
AnswerMatch match_answer(std::string_view answer, std::span<const std::string> references, AnswerUnit unit);

/// The text as it is compared.
std::string normal_answer(std::string_view text, AnswerUnit unit);

}  // namespace troupe::memory

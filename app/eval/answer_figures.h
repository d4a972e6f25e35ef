#pragma once

#include "app/eval/ask_case.h"
#include "memory/evaluation/answer_match.h"
#include "memory/evaluation/bleu.h"
#include "memory/evaluation/cases.h"
#include "memory/evaluation/report.h"
#include "memory/evaluation/rouge.h"
#include "runtime/base/json.h"

#include <cstddef>
#include <span>
#include <vector>

namespace troupe::app {

/// A question that was asked, and how its answer agrees with what was expected.
struct AnswerSample {
  memory::AnswerCase question;
  AskedCase asked;
  memory::AnswerMatch match;
  memory::BleuCounts bleu;
  memory::RougeScores rouge;
};

/// The figures of one set of questions. How texts are cut for BLEU and ROUGE is decided once, by what is
/// expected of all of them, so that the figures of a set are of one kind. Pure.
class AnswerFigures {
 public:
  explicit AnswerFigures(std::span<const memory::AnswerCase> cases);

  /// A failed run counts as an empty answer.
  AnswerSample score(memory::AnswerCase question, AskedCase asked) const;

  /// exact match, F1, BLEU, ROUGE-1, -2, -L with their intervals.
  std::vector<memory::Measure> measures(const std::vector<AnswerSample>& samples) const;

  /// What one question gave: id, line, question, expected, answer or failure, scores, run.
  Json to_json(const AnswerSample& sample) const;

 private:
  memory::BleuSettings bleu_;
  memory::RougeTokens rouge_ = memory::RougeTokens::latin;
  std::size_t references_ = 0;  // every question's; 0: not all as many
};

/// What a set of questions took.
struct AnswerTotals {
  std::size_t failed = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  double cost = 0;
};
AnswerTotals totals_of(const std::vector<AnswerSample>& samples);

}  // namespace troupe::app

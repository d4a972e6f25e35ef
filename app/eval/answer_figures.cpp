#include "app/eval/answer_figures.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace troupe::app {

namespace {

using memory::Measure;

template <class Value>
Measure mean_of(std::string name, const std::vector<AnswerSample>& samples, Value value) {
  std::vector<double> values;
  for (const AnswerSample& sample : samples) values.push_back(value(sample));
  return {.name = std::move(name), .estimate = memory::estimate_mean(values)};
}

double rounded(double value) {
  return std::stod(fmt::format("{:.4f}", value));
}

}  // namespace

AnswerFigures::AnswerFigures(std::span<const memory::AnswerCase> cases) {
  std::string all;
  std::vector<std::string> texts;
  references_ = cases.empty() ? 0 : cases.front().expected.size();
  for (const memory::AnswerCase& one : cases) {
    if (one.expected.size() != references_) references_ = 0;
    for (const std::string& text : one.expected) {
      texts.push_back(text);
      all += text + '\n';
    }
  }
  bleu_.tokens = memory::bleu_tokens_for(all);
  rouge_ = memory::rouge_tokens_for(texts);
}

AnswerSample AnswerFigures::score(memory::AnswerCase question, AskedCase asked) const {
  AnswerSample sample{.question = std::move(question), .asked = std::move(asked)};
  const std::vector<std::string>& expected = sample.question.expected;
  sample.match = memory::match_answer(sample.asked.answer, expected, memory::answer_unit(expected));
  sample.bleu = memory::bleu_counts(sample.asked.answer, expected, bleu_);
  sample.rouge = memory::rouge_scores(sample.asked.answer, expected, rouge_);
  return sample;
}

std::vector<Measure> AnswerFigures::measures(const std::vector<AnswerSample>& samples) const {
  std::vector<Measure> all;
  all.push_back(mean_of("exact match", samples, [](const auto& sample) { return sample.match.exact; }));
  all.push_back(mean_of("F1", samples, [](const auto& sample) { return sample.match.f1; }));
  auto bleu = memory::estimate(samples.size(), [&samples](std::span<const std::uint32_t> drawn) {
    memory::BleuCounts sum;
    for (const std::uint32_t index : drawn) sum += samples[index].bleu;
    return memory::corpus_bleu(sum).score;
  });
  all.push_back(
      {.name = "BLEU", .estimate = bleu, .decimals = 1, .note = memory::bleu_signature(bleu_, references_)});
  const std::string tokens = rouge_ == memory::RougeTokens::unicode ? "tokens of every script" : "";
  auto rouge = [&](std::string name, memory::PrecisionRecall memory::RougeScores::* which) {
    all.push_back(
        mean_of(std::move(name), samples, [which](const auto& sample) { return (sample.rouge.*which).f1; }));
    all.back().note = tokens;
  };
  rouge("ROUGE-1", &memory::RougeScores::rouge1);
  rouge("ROUGE-2", &memory::RougeScores::rouge2);
  rouge("ROUGE-L", &memory::RougeScores::rouge_l);
  return all;
}

Json AnswerFigures::to_json(const AnswerSample& sample) const {
  const AskedCase& asked = sample.asked;
  Json json = {{"kind", "answer"},
               {"id", sample.question.id},
               {"line", sample.question.line},
               {"question", sample.question.input},
               {"expected", sample.question.expected},
               {"answer", asked.answer}};
  if (!asked.failure.empty()) json["failure"] = asked.failure;
  json["scores"] = {{"exact_match", sample.match.exact},
                    {"f1", rounded(sample.match.f1)},
                    {"bleu", rounded(memory::sentence_bleu(sample.bleu).score)},
                    {"rouge1", rounded(sample.rouge.rouge1.f1)},
                    {"rouge2", rounded(sample.rouge.rouge2.f1)},
                    {"rougeL", rounded(sample.rouge.rouge_l.f1)}};
  json["ms"] = asked.ms;
  if (!asked.run.empty()) json["run"] = asked.run;
  if (!asked.session.empty()) json["session"] = asked.session;
  return json;
}

AnswerTotals totals_of(const std::vector<AnswerSample>& samples) {
  AnswerTotals totals;
  for (const AnswerSample& sample : samples) {
    if (!sample.asked.failure.empty()) ++totals.failed;
    totals.input_tokens += sample.asked.input_tokens;
    totals.output_tokens += sample.asked.output_tokens;
    totals.cost += sample.asked.cost;
  }
  return totals;
}

}  // namespace troupe::app

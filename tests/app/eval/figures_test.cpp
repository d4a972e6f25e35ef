#include "app/eval/answer_eval.h"
#include "app/eval/retrieval_eval.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::app;

namespace {

memory::AnswerCase question(std::string id, std::vector<std::string> expected) {
  return {.line = 1, .id = std::move(id), .input = "?", .expected = std::move(expected)};
}

const memory::Measure& named(const std::vector<memory::Measure>& all, std::string_view name) {
  for (const memory::Measure& one : all)
    if (one.name == name) return one;
  FAIL("there is no measure " << name);
  return all.front();
}

RetrievalSample searched(memory::Relevance relevant, std::vector<std::string> ranking, std::int64_t us) {
  RetrievalSample sample{.question = {.line = 3, .id = "q", .query = "x", .relevant = std::move(relevant)},
                         .mode = "keyword",
                         .ranking = std::move(ranking),
                         .us = us};
  sample.scores = memory::score_ranking(sample.ranking, sample.question.relevant, 10);
  return sample;
}

}  // namespace

TEST_CASE("answers are held against the best of what is expected, and a failed run is an empty answer") {
  const std::vector<memory::AnswerCase> cases{question("a", {"the blue whale", "a whale"}),
                                              question("b", {"Paris"}), question("c", {"1969"})};
  const AnswerFigures figures(cases);
  std::vector<AnswerSample> samples{
      figures.score(cases[0], {.answer = "Blue whale.", .input_tokens = 10, .cost = 0.5}),
      figures.score(cases[1], {.answer = "in Paris", .output_tokens = 3, .cost = 0.25}),
      figures.score(cases[2], {.failure = "failed: model_error"})};
  const auto measures = figures.measures(samples);
  CHECK(named(measures, "exact match").estimate->value == doctest::Approx(1.0 / 3));
  CHECK(named(measures, "F1").estimate->value == doctest::Approx((1 + 2.0 / 3) / 3));
  CHECK(named(measures, "ROUGE-1").estimate->n == 3);
  CHECK(named(measures, "BLEU").note.starts_with("nrefs:var|"));
  const AnswerTotals totals = totals_of(samples);
  CHECK(totals.failed == 1);
  CHECK(totals.input_tokens == 10);
  CHECK(totals.output_tokens == 3);
  CHECK(totals.cost == 0.75);

  const Json failed = figures.to_json(samples[2]);
  CHECK(failed["answer"] == "");
  CHECK(failed["failure"] == "failed: model_error");
  CHECK(failed["scores"]["f1"] == 0);
  CHECK_FALSE(figures.to_json(samples[0]).contains("failure"));
}

TEST_CASE("one way of cutting texts holds for a whole set, by what is expected") {
  const std::vector<memory::AnswerCase> korean{question("a", {"2024년"}), question("b", {"Seoul"})};
  const AnswerFigures figures(korean);
  const std::vector<AnswerSample> samples{figures.score(korean[0], {.answer = "2024년"}),
                                          figures.score(korean[1], {.answer = "Seoul"})};
  const auto measures = figures.measures(samples);
  CHECK(named(measures, "exact match").estimate->value == 1);
  CHECK(named(measures, "BLEU").note.contains("tok:char"));
  CHECK(named(measures, "ROUGE-1").estimate->value == 1);
  CHECK_FALSE(named(measures, "ROUGE-1").note.empty());
  const std::vector<memory::AnswerCase> english{question("a", {"Seoul"})};
  CHECK(named(AnswerFigures(english).measures({}), "BLEU").note.contains("tok:13a"));
}

TEST_CASE("no answers have no figures rather than figures of 0") {
  const AnswerFigures figures({});
  for (const memory::Measure& measure : figures.measures({})) CHECK_FALSE(measure.estimate.has_value());
  AnswerReport report{.measures = figures.measures({})};
  CHECK(as_text(report).contains("0 questions, 0 failed"));
  CHECK(to_json(report)["measures"][0]["value"].is_null());
}

TEST_CASE("ways of searching stand below each other; what has no relevant document is left out") {
  RetrievalResult result{.setup = {.knowledge = "handbook"}, .mode = "keyword"};
  result.samples.push_back(searched({{"a", 1}}, {"b", "a"}, 3'000));
  result.samples.push_back(searched({{"a", 1}, {"c", 1}}, {"a"}, 1'000));
  result.samples.push_back(searched({{"a", 0}}, {"a"}, 2'000));
  const auto measures = measures_of(result, 10);
  CHECK(named(measures, "MRR@10").estimate->value == doctest::Approx(0.75));
  CHECK(named(measures, "recall@10").estimate->value == doctest::Approx(0.75));
  CHECK(named(measures, "nDCG@10").left_out == 1);
  CHECK(named(measures, "nDCG@10").estimate->n == 2);
  CHECK(result.median_ms() == 2);
  const std::string table = retrieval_table({result, {.setup = {}, .mode = "mmr"}}, 10);
  CHECK(table.starts_with("KNOWLEDGE       MODE     NDCG@10"));
  CHECK(table.contains("handbook        keyword  "));
  CHECK(table.contains("(of each case)  mmr      -"));
  const Json json = to_json(std::vector{result}, 10);
  CHECK(json[0]["knowledge"] == "handbook");
  CHECK(json[0]["measures"][2]["name"] == "MRR@10");
}

TEST_CASE("a sample of a search says where the relevant documents stand") {
  RetrievalSample sample = searched({{"a", 2}, {"z", 1}, {"n", 0}}, {"b", "a"}, 5);
  Json json = to_json(sample, "handbook");
  CHECK(dump(json["relevant"]) == R"({"a":2,"z":null})");
  CHECK(json["line"] == 3);
  CHECK(json["scores"]["recall"] == 0.5);
  sample.failure = "network: gone";
  CHECK(to_json(sample, "handbook")["failure"] == "network: gone");
  RetrievalResult result{.setup = {}, .mode = "", .samples = {sample}};
  CHECK(result.failed() == 1);
}

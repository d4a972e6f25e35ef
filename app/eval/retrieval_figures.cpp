#include "app/eval/retrieval_figures.h"

#include "models/builtin/utf8.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace troupe::app {

namespace {

using memory::Measure;
using memory::RankingScores;

constexpr std::size_t kColumns = 7;
using Row = std::array<std::string, kColumns>;

std::string shown(const Measure& measure) {
  if (!measure.estimate) return "-";
  return fmt::format("{:.4f} ({:.3f}-{:.3f})", measure.estimate->value, measure.estimate->low,
                     measure.estimate->high);
}

Row row_of(const RetrievalResult& result, std::size_t k) {
  Row row{result.setup.knowledge.empty() ? "(of each case)" : result.setup.knowledge, result.mode};
  const std::vector<Measure> measures = measures_of(result, k);
  for (std::size_t i = 0; i < measures.size(); ++i) row[2 + i] = shown(measures[i]);
  row[5] = std::to_string(measures.front().estimate ? measures.front().estimate->n : 0);
  row[6] = fmt::format("{:.1f}", result.median_ms());
  return row;
}

std::string padded(const std::string& text, std::size_t width, bool left) {
  const std::string blanks(width - models::builtin::length(text), ' ');
  return left ? text + blanks : blanks + text;
}

}  // namespace

std::size_t RetrievalResult::failed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(samples, [](const auto& sample) { return !sample.failure.empty(); }));
}

double RetrievalResult::median_ms() const {
  std::vector<std::int64_t> times;
  for (const RetrievalSample& sample : samples) times.push_back(sample.us);
  if (times.empty()) return 0;
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  return static_cast<double>(*middle) / 1000;
}

std::vector<Measure> measures_of(const RetrievalResult& result, std::size_t k) {
  auto mean = [&](std::string name, double RankingScores::* which) {
    Measure measure{.name = fmt::format("{}@{}", name, k)};
    std::vector<double> values;
    for (const RetrievalSample& sample : result.samples)
      if (sample.scores)
        values.push_back((*sample.scores).*which);
      else
        ++measure.left_out;
    measure.estimate = memory::estimate_mean(values);
    return measure;
  };
  return {mean("nDCG", &RankingScores::ndcg), mean("recall", &RankingScores::recall),
          mean("MRR", &RankingScores::reciprocal_rank)};
}

std::string retrieval_table(const std::vector<RetrievalResult>& results, std::size_t k) {
  std::vector<Row> rows{{"KNOWLEDGE", "MODE", fmt::format("NDCG@{}", k), fmt::format("RECALL@{}", k),
                         fmt::format("MRR@{}", k), "N", "MS"}};
  for (const RetrievalResult& result : results) rows.push_back(row_of(result, k));
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < kColumns; ++i)
      widths[i] = std::max(widths[i], models::builtin::length(row[i]));
  std::string table;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i)
      table += (i == 0 ? "" : "  ") + padded(row[i], widths[i], i < 5);
    table += '\n';
  }
  return table;
}

Json to_json(const RetrievalSample& sample, const std::string& knowledge) {
  Json json = {{"kind", "retrieval"},          {"id", sample.question.id},
               {"line", sample.question.line}, {"query", sample.question.query},
               {"knowledge", knowledge},       {"mode", sample.mode},
               {"ranking", sample.ranking}};
  Json places = Json::object();
  for (const auto& [id, grade] : sample.question.relevant) {
    if (grade <= 0) continue;
    const auto at = std::ranges::find(sample.ranking, id);
    places[id] = at == sample.ranking.end() ? Json() : Json(at - sample.ranking.begin() + 1);
  }
  json["relevant"] = std::move(places);
  if (!sample.failure.empty()) json["failure"] = sample.failure;
  if (sample.scores)
    json["scores"] = {{"ndcg", sample.scores->ndcg},
                      {"recall", sample.scores->recall},
                      {"reciprocal_rank", sample.scores->reciprocal_rank}};
  json["us"] = sample.us;
  return json;
}

}  // namespace troupe::app

#include "memory/evaluation/ranking.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <string_view>

namespace troupe::memory {

namespace {

double discount(std::size_t place) {
  return 1 / std::log2(static_cast<double>(place) + 1);
}

std::vector<int> grades_best_first(const Relevance& relevant) {
  std::vector<int> grades;
  for (const auto& [id, grade] : relevant)
    if (grade > 0) grades.push_back(grade);
  std::ranges::sort(grades, std::greater());
  return grades;
}

/// The grade at each place of the ranking, ids that came before left out.
std::vector<int> grades_in_order(std::span<const std::string> ranking, const Relevance& relevant,
                                 std::size_t k) {
  std::vector<int> grades;
  std::set<std::string_view> seen;
  for (const std::string& id : ranking) {
    if (k > 0 && grades.size() == k) break;
    if (!seen.insert(id).second) continue;
    const auto found = relevant.find(id);
    grades.push_back(found == relevant.end() ? 0 : std::max(found->second, 0));
  }
  return grades;
}

double gain_of(const std::vector<int>& grades, std::size_t k) {
  const std::size_t end = k > 0 ? std::min(k, grades.size()) : grades.size();
  double gain = 0;
  for (std::size_t i = 0; i < end; ++i) gain += grades[i] * discount(i + 1);
  return gain;
}

}  // namespace

std::vector<std::string> ranked(std::vector<ScoredId> found) {
  std::ranges::sort(found, [](const ScoredId& a, const ScoredId& b) {
    return a.score != b.score ? a.score > b.score : a.id > b.id;
  });
  std::vector<std::string> ids;
  for (ScoredId& one : found) ids.push_back(std::move(one.id));
  return ids;
}

std::optional<RankingScores> score_ranking(std::span<const std::string> ranking, const Relevance& relevant,
                                           std::size_t k) {
  const std::vector<int> ideal = grades_best_first(relevant);
  if (ideal.empty()) return std::nullopt;
  const std::vector<int> grades = grades_in_order(ranking, relevant, k);
  RankingScores scores;
  double found = 0, precisions = 0;
  for (std::size_t i = 0; i < grades.size(); ++i) {
    if (grades[i] == 0) continue;
    const auto place = static_cast<double>(i + 1);
    if (found == 0) scores.reciprocal_rank = 1 / place;
    precisions += ++found / place;
  }
  const auto all = static_cast<double>(ideal.size());
  const std::size_t places = k > 0 ? k : grades.size();
  scores.recall = found / all;
  scores.precision = places > 0 ? found / static_cast<double>(places) : 0;
  scores.hit = found > 0 ? 1 : 0;
  scores.ndcg = gain_of(grades, 0) / gain_of(ideal, k);
  scores.average_precision = precisions / all;
  return scores;
}

}  // namespace troupe::memory

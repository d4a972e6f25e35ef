#include "memory/knowledge/search/mmr.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <doctest/doctest.h>

using namespace troupe::memory;

namespace {

using Rows = std::vector<std::vector<float>>;

std::vector<std::size_t> chosen(const std::vector<float>& query, const Rows& rows, std::size_t k,
                                double lambda) {
  const std::vector<std::span<const float>> spans(rows.begin(), rows.end());
  std::vector<std::size_t> out;
  for (const MmrChoice& choice : mmr(query, spans, k, lambda)) out.push_back(choice.index);
  return out;
}

double naive_cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    ab += double{a[i]} * b[i], aa += double{a[i]} * a[i], bb += double{b[i]} * b[i];
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

/// The formula of the paper: argmax over what is left of lambda Sim1 - (1 - lambda) max Sim2.
std::vector<double> naive_scores(const std::vector<float>& query, const Rows& rows,
                                 const std::vector<std::size_t>& before, double lambda) {
  std::vector<double> scores;
  for (const auto& row : rows) {
    double most = -2;
    for (std::size_t s : before) most = std::max(most, naive_cosine(row, rows[s]));
    scores.push_back(lambda * naive_cosine(row, query) - (before.empty() ? 0 : (1 - lambda) * most));
  }
  return scores;
}

Rows random_rows(std::mt19937& random, std::size_t count, std::size_t dimensions) {
  std::normal_distribution<float> normal;
  Rows rows(count, std::vector<float>(dimensions));
  for (auto& row : rows)
    for (float& value : row) value = normal(random);
  return rows;
}

}  // namespace

TEST_CASE("relevance alone is the order of similarity; difference takes what is unlike") {
  const std::vector<float> query{1, 0};
  const Rows rows{{1.f, 0.05f}, {1.f, 0.06f}, {0.7f, -0.7f}, {0.f, 1.f}};
  CHECK(chosen(query, rows, 3, 1) == std::vector<std::size_t>{0, 1, 2});
  CHECK(chosen(query, rows, 3, 0.5) == std::vector<std::size_t>{0, 2, 1});
  // Also with nothing but difference, the first is the most relevant; then the one furthest from it.
  CHECK(chosen(query, rows, 2, 0) == std::vector<std::size_t>{0, 3});
}

TEST_CASE("every choice is the best one by the published formula") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const std::size_t count = 1 + random() % 25, dimensions = 1 + random() % 19;
    const Rows rows = random_rows(random, count, dimensions);
    const std::vector<float> query = random_rows(random, 1, dimensions)[0];
    const double lambda = static_cast<double>(random() % 11) / 10;
    const std::size_t k = random() % 30;
    const std::vector<std::span<const float>> spans(rows.begin(), rows.end());
    const auto choices = mmr(query, spans, k, lambda);
    REQUIRE(choices.size() == std::min(k, count));
    std::vector<std::size_t> before;
    for (const MmrChoice& choice : choices) {
      const auto scores = naive_scores(query, rows, before, before.empty() ? 1 : lambda);
      REQUIRE(std::ranges::find(before, choice.index) == before.end());
      for (std::size_t i = 0; i < count; ++i)
        if (std::ranges::find(before, i) == before.end()) REQUIRE(scores[choice.index] >= scores[i] - 1e-9);
      const double score = naive_scores(query, rows, before, lambda)[choice.index];
      REQUIRE(choice.score == doctest::Approx(score).epsilon(1e-9));
      REQUIRE(choice.relevance == doctest::Approx(naive_cosine(query, rows[choice.index])).epsilon(1e-9));
      before.push_back(choice.index);
    }
  }
}

TEST_CASE("lengths of vectors mean nothing") {
  std::mt19937 random(7);
  Rows rows = random_rows(random, 20, 8);
  const std::vector<float> query = random_rows(random, 1, 8)[0];
  const auto before = chosen(query, rows, 10, 0.4);
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (float& value : rows[i]) value *= static_cast<float>(1u << (i % 5));
  CHECK(chosen(query, rows, 10, 0.4) == before);
}

TEST_CASE("equal scores: the earlier one") {
  const std::vector<float> query{1, 0, 0};
  CHECK(chosen(query, Rows(4, {1, 0, 0}), 4, 0.3) == std::vector<std::size_t>{0, 1, 2, 3});
  CHECK(chosen(query, Rows(3, {0, 0, 0}), 3, 0.5) == std::vector<std::size_t>{0, 1, 2});
}

TEST_CASE("no candidates, no wish, a query of zeros") {
  CHECK(chosen({1, 0}, {}, 3, 0.5).empty());
  CHECK(chosen({1, 0}, {{1, 0}}, 0, 0.5).empty());
  CHECK(chosen({0, 0}, {{1, 0}, {0, 1}, {1, 0}}, 3, 0.5) == std::vector<std::size_t>{0, 1, 2});
  CHECK(cosine(std::vector<float>{0, 0}, std::vector<float>{1, 0}) == 0);
  CHECK(cosine(std::vector<float>{2, 0}, std::vector<float>{-3, 0}) == -1);
}

#include "plugins/check/index_trial.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

constexpr std::size_t kCentres = 40;
constexpr float kSpread = 0.5F;

std::span<const float> row_of(const std::vector<float>& values, std::size_t i) {
  return std::span(values).subspan(i * IndexTrial::kDimensions, IndexTrial::kDimensions);
}

float product(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

}  // namespace

IndexTrial::IndexTrial() : values_(kRows * kDimensions) {
  std::mt19937 random;  // of a fixed seed
  std::normal_distribution<float> normal;
  std::vector<float> centres(kCentres * kDimensions);
  for (float& value : centres) value = normal(random);
  for (std::size_t i = 0; i < kRows; ++i) {
    const std::span row = std::span(values_).subspan(i * kDimensions, kDimensions);
    const auto centre = row_of(centres, i % kCentres);
    for (std::size_t j = 0; j < kDimensions; ++j) row[j] = centre[j] + kSpread * normal(random);
    const float length = std::sqrt(product(row, row));
    for (float& value : row) value /= length;
  }
}

std::string_view IndexTrial::rows() const {
  return {reinterpret_cast<const char*>(values_.data()), values_.size() * sizeof(float)};
}

std::string IndexTrial::query(std::size_t i, bool filtered) const {
  const auto row = row_of(values_, i);
  std::string body(reinterpret_cast<const char*>(row.data()), row.size_bytes());
  if (filtered) body.append(kRows / 8, '\x55');
  return body;
}

std::vector<std::uint32_t> IndexTrial::nearest(std::size_t i, bool filtered) const {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = 0; row < kRows; row += filtered ? 2 : 1) rows.push_back(row);
  const auto query = row_of(values_, i);
  const auto nearer = [&](std::uint32_t a, std::uint32_t b) {
    return product(row_of(values_, a), query) > product(row_of(values_, b), query);
  };
  std::ranges::partial_sort(rows, rows.begin() + kNearest, nearer);
  rows.resize(kNearest);
  return rows;
}

Result<std::size_t> IndexTrial::judge(std::size_t i, bool filtered, std::string_view answer) const {
  const auto wrong = [](std::string what) { return fail(ErrorCode::protocol, std::move(what)); };
  if (answer.size() % sizeof(std::uint32_t) != 0)
    return wrong(fmt::format("it answered with {} bytes, which are no numbers of 4", answer.size()));
  std::vector<std::uint32_t> rows(answer.size() / sizeof(std::uint32_t));
  if (!rows.empty()) std::memcpy(rows.data(), answer.data(), answer.size());
  if (rows.size() > kNearest)
    return wrong(fmt::format("it named {} rows where {} were asked for", rows.size(), kNearest));
  std::set<std::uint32_t> seen;
  for (std::uint32_t row : rows) {
    if (row >= kRows) return wrong(fmt::format("it named row {} of {}", row, kRows));
    if (!seen.insert(row).second) return wrong(fmt::format("it named row {} twice", row));
    if (filtered && row % 2 != 0) return wrong(fmt::format("it named row {}, whose bit is 0", row));
  }
  return static_cast<std::size_t>(
      std::ranges::count_if(nearest(i, filtered), [&](std::uint32_t row) { return seen.contains(row); }));
}

}  // namespace troupe::plugins

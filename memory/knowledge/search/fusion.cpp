#include "memory/knowledge/search/fusion.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace troupe::memory {

namespace {

constexpr std::size_t kNowhere = ~std::size_t{0};

/// A list, each chunk once.
RankedList distinct(const RankedList& list) {
  RankedList out{.kind = list.kind, .weight = list.weight, .rows = {}};
  std::unordered_set<std::int64_t> seen;
  for (const Ranked& row : list.rows)
    if (seen.insert(row.chunk).second) out.rows.push_back(row);
  return out;
}

/// Every chunk of the lists with the places it has in them.
class Union {
 public:
  explicit Union(const std::vector<RankedList>& lists) : lists_(lists) {
    for (std::size_t l = 0; l < lists.size(); ++l)
      for (std::size_t i = 0; i < lists[l].rows.size(); ++i) {
        auto [at, added] = index_.try_emplace(lists[l].rows[i].chunk, chunks_.size());
        if (added) {
          chunks_.push_back({.chunk = lists[l].rows[i].chunk});
          rows_.emplace_back(lists.size(), kNowhere);
        }
        rows_[at->second][l] = i;
        chunks_[at->second].placings.push_back({lists[l].kind, i + 1, lists[l].rows[i].score});
      }
  }

  /// `share(list, row)` is what a chunk gets from a list; row kNowhere: it is not in it.
  template <class Share>
  std::vector<Fused> ranked(Share share) {
    std::vector<double> shares(lists_.size());
    for (std::size_t c = 0; c < chunks_.size(); ++c) {
      for (std::size_t l = 0; l < lists_.size(); ++l) shares[l] = share(l, rows_[c][l]);
      // Sums of floating-point numbers depend on their order, and that must not be the lists'.
      std::ranges::sort(shares);
      for (double part : shares) chunks_[c].score += part;
    }
    std::ranges::sort(chunks_, [](const Fused& a, const Fused& b) {
      if (a.score != b.score) return a.score > b.score;
      const std::size_t best_a = best_rank(a), best_b = best_rank(b);
      return best_a != best_b ? best_a < best_b : a.chunk < b.chunk;
    });
    return std::move(chunks_);
  }

 private:
  static std::size_t best_rank(const Fused& fused) {
    return std::ranges::min_element(fused.placings, {}, &Placing::rank)->rank;
  }

  const std::vector<RankedList>& lists_;
  std::unordered_map<std::int64_t, std::size_t> index_;
  std::vector<Fused> chunks_;
  std::vector<std::vector<std::size_t>> rows_;
};

std::vector<RankedList> all_distinct(std::span<const RankedList> lists) {
  std::vector<RankedList> out;
  for (const RankedList& list : lists) out.push_back(distinct(list));
  return out;
}

std::vector<double> min_max(const std::vector<Ranked>& rows) {
  const auto [least, most] = std::ranges::minmax_element(rows, {}, &Ranked::score);
  const double low = least->score, width = most->score - low;
  std::vector<double> out;
  for (const Ranked& row : rows) out.push_back(width > 0 ? (row.score - low) / width : 1);
  return out;
}

std::vector<double> z_scores(const std::vector<Ranked>& rows) {
  const double count = static_cast<double>(rows.size());
  double mean = 0, variance = 0;
  for (const Ranked& row : rows) mean += row.score / count;
  for (const Ranked& row : rows) variance += (row.score - mean) * (row.score - mean) / count;
  // What remains of equal scores is the rounding of their mean.
  const double deviation = std::sqrt(variance);
  const bool equal = deviation <= std::abs(mean) * 1e-12;
  std::vector<double> out;
  for (const Ranked& row : rows) out.push_back(equal ? 0 : (row.score - mean) / deviation);
  return out;
}

}  // namespace

std::vector<Fused> reciprocal_rank_fusion(std::span<const RankedList> lists, double k) {
  const std::vector<RankedList> own = all_distinct(lists);
  return Union(own).ranked([&](std::size_t list, std::size_t row) {
    return row == kNowhere ? 0 : own[list].weight / (k + static_cast<double>(row + 1));
  });
}

std::vector<Fused> weighted_fusion(std::span<const RankedList> lists, Normalisation normalisation) {
  const std::vector<RankedList> own = all_distinct(lists);
  std::vector<std::vector<double>> scores;
  std::vector<double> last;
  double weights = 0;
  for (const RankedList& list : own) {
    scores.emplace_back();
    last.push_back(0);
    if (list.rows.empty()) continue;
    scores.back() = normalisation == Normalisation::z ? z_scores(list.rows) : min_max(list.rows);
    if (normalisation == Normalisation::z) last.back() = std::ranges::min(scores.back());
    weights += list.weight;
  }
  return Union(own).ranked([&](std::size_t list, std::size_t row) {
    if (own[list].rows.empty() || weights <= 0) return 0.0;
    return own[list].weight / weights * (row == kNowhere ? last[list] : scores[list][row]);
  });
}

}  // namespace troupe::memory

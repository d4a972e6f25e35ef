#include "models/tokens/pair_merge.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <queue>

namespace troupe::models::tokens {

namespace {

// Below, looking at every pair for each merge is faster than keeping a queue.
constexpr std::size_t kScanned = 48;

/// A part of the piece, up to where the next one begins, and what it would make together with that one.
struct Part {
  std::size_t begin;
  Token merged;
};

void merge_by_scanning(const RankTable& table, std::string_view piece, std::vector<Token>& tokens) {
  Part parts[kScanned + 1];
  std::size_t count = piece.size();
  for (std::size_t i = 0; i <= count; ++i) parts[i] = {i, RankTable::kNone};
  auto pair_at = [&](std::size_t i) {
    return i + 2 <= count ? table.find(piece.substr(parts[i].begin, parts[i + 2].begin - parts[i].begin))
                          : RankTable::kNone;
  };
  for (std::size_t i = 0; i + 1 < count; ++i) parts[i].merged = pair_at(i);
  while (count > 1) {
    auto best = std::min_element(parts, parts + count - 1,
                                 [](const Part& a, const Part& b) { return a.merged < b.merged; });
    if (best->merged == RankTable::kNone) break;
    const auto at = static_cast<std::size_t>(best - parts);
    std::move(parts + at + 2, parts + count + 1, parts + at + 1);
    --count;
    parts[at].merged = pair_at(at);
    if (at > 0) parts[at - 1].merged = pair_at(at - 1);
  }
  for (std::size_t i = 0; i < count; ++i)
    tokens.push_back(table.find(piece.substr(parts[i].begin, parts[i + 1].begin - parts[i].begin)));
}

/// A pair as it stood when it was queued.
struct Candidate {
  Token merged;
  std::size_t begin;
  std::size_t end;

  bool operator<(const Candidate& other) const {  // the greatest is at the top of a priority queue
    return merged != other.merged ? merged > other.merged : begin > other.begin;
  }
};

class LongMerge {
 public:
  LongMerge(const RankTable& table, std::string_view piece)
      : table_(table), piece_(piece), next_(piece.size()), before_(piece.size()) {
    for (std::size_t i = 0; i < piece.size(); ++i) {
      next_[i] = i + 1;
      before_[i] = i - 1;
    }
    std::vector<Candidate> pairs;
    for (std::size_t i = 0; i + 2 <= piece.size(); ++i)
      if (const Token merged = table.find(piece.substr(i, 2)); merged != RankTable::kNone)
        pairs.push_back({merged, i, i + 2});
    queue_ = std::priority_queue<Candidate>(std::less<Candidate>(), std::move(pairs));
  }

  void run(std::vector<Token>& tokens) {
    while (!queue_.empty()) {
      const Candidate pair = queue_.top();
      queue_.pop();
      if (stands(pair)) merge(pair);
    }
    for (std::size_t at = 0; at < piece_.size(); at = next_[at])
      tokens.push_back(table_.find(piece_.substr(at, next_[at] - at)));
  }

 private:
  static constexpr std::size_t kGone = std::numeric_limits<std::size_t>::max();

  void offer(std::size_t begin) {
    const std::size_t middle = next_[begin];
    if (middle >= piece_.size()) return;
    const std::size_t end = next_[middle];
    const Token merged = table_.find(piece_.substr(begin, end - begin));
    if (merged != RankTable::kNone) queue_.push({merged, begin, end});
  }

  // Parts only grow, so that the same ends mean the same pair.
  bool stands(const Candidate& pair) const {
    const std::size_t middle = next_[pair.begin];
    return middle != kGone && middle < pair.end && next_[middle] == pair.end;
  }

  void merge(const Candidate& pair) {
    const std::size_t middle = next_[pair.begin];
    next_[middle] = kGone;
    next_[pair.begin] = pair.end;
    if (pair.end < piece_.size()) before_[pair.end] = pair.begin;
    offer(pair.begin);
    if (pair.begin > 0) offer(before_[pair.begin]);
  }

  const RankTable& table_;
  std::string_view piece_;
  std::vector<std::size_t> next_;    // where the part that begins here ends; kGone: none begins here
  std::vector<std::size_t> before_;  // where the part before the one that begins here begins
  std::priority_queue<Candidate> queue_;
};

}  // namespace

void merge_pairs(const RankTable& table, std::string_view piece, std::vector<Token>& tokens) {
  if (const Token whole = table.find(piece); whole != RankTable::kNone)
    tokens.push_back(whole);
  else if (piece.size() <= kScanned)
    merge_by_scanning(table, piece, tokens);
  else
    LongMerge(table, piece).run(tokens);
}

}  // namespace troupe::models::tokens

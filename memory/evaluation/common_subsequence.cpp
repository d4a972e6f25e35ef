#include "memory/evaluation/common_subsequence.h"

#include <algorithm>

namespace troupe::memory {

namespace {

using Lengths = std::vector<std::uint32_t>;

/// The row of the table of lengths below `above`; `left(j)` is told where the longer one is to the left.
template <class Left>
void fill_row(Lengths& row, const Lengths& above, std::uint32_t token, const TokenNumbers& b, Left left) {
  for (std::size_t j = 1; j <= b.size(); ++j) {
    row[j] = token == b[j - 1] ? above[j - 1] + 1 : std::max(above[j], row[j - 1]);
    if (row[j - 1] > above[j]) left(j - 1);
  }
}

}  // namespace

std::size_t common_subsequence_length(const TokenNumbers& a, const TokenNumbers& b) {
  Lengths above(b.size() + 1), row(b.size() + 1);
  for (std::uint32_t token : a) {
    fill_row(row, above, token, b, [](std::size_t) {});
    std::swap(row, above);
  }
  return above.back();
}

std::vector<std::size_t> common_subsequence(const TokenNumbers& a, const TokenNumbers& b) {
  Lengths above(b.size() + 1), row(b.size() + 1);
  std::vector<std::uint8_t> goes_left(a.size() * b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    fill_row(row, above, a[i], b, [&](std::size_t j) { goes_left[i * b.size() + j] = 1; });
    std::swap(row, above);
  }
  std::vector<std::size_t> places;
  std::size_t i = a.size(), j = b.size();
  while (i > 0 && j > 0) {
    if (a[i - 1] == b[j - 1]) {
      places.push_back(--i);
      --j;
    } else if (goes_left[(i - 1) * b.size() + j - 1]) {
      --j;
    } else {
      --i;
    }
  }
  std::ranges::reverse(places);
  return places;
}

}  // namespace troupe::memory

#include "runtime/base/suggest.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe {

namespace {

// Optimal string alignment: insert, delete, replace, and swap of neighbours, which is what fingers do.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& known) {
  if (wanted.empty() || wanted.size() > 64) return "";
  const std::string* best = nullptr;
  std::size_t best_distance = wanted.size() / 3 + 1;
  for (const std::string& name : known) {
    if (name.size() > 64) continue;
    if (std::size_t d = distance(wanted, name); d <= best_distance && d < wanted.size()) {
      if (best && d == best_distance) continue;
      best = &name;
      best_distance = d;
    }
  }
  return best ? fmt::format("; did you mean `{}`?", *best) : "";
}

}  // namespace troupe

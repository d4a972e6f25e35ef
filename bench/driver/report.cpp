#include "bench/driver/report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace troupe::bench {

namespace {

/// Columns on the screen, not bytes: the tables hold "µ" and "–".
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

double Figure::quantile(double q) const {
  if (samples_.empty()) return std::nan("");
  auto sorted = samples_;
  std::sort(sorted.begin(), sorted.end());
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - static_cast<double>(below));
}

std::string Figure::text(int digits) const {
  return fmt::format("{:.{}f} ({:.{}f}–{:.{}f})", median(), digits, quantile(0), digits, quantile(1), digits);
}

nlohmann::json Figure::json() const {
  return {{"median", median()}, {"min", quantile(0)}, {"max", quantile(1)}, {"samples", samples_}};
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string space(widths[i] - width(rows[r][i]), ' ');
      text += i == 0 ? "| " + rows[r][i] + space : " | " + space + rows[r][i];
    }
    text += " |\n";
    if (r > 0) continue;
    for (std::size_t i = 0; i < widths.size(); ++i)
      text += "|" + std::string(widths[i] + 1, '-') + (i == 0 ? "-" : ":");
    text += "|\n";
  }
  return text;
}

}  // namespace troupe::bench

#include "app/usage_table.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace troupe::app {

namespace {

constexpr std::array<std::pair<std::string_view, store::UsageBy>, 6> kWords{
    {{"day", store::UsageBy::day},
     {"tenant", store::UsageBy::tenant},
     {"session", store::UsageBy::session},
     {"agent", store::UsageBy::agent},
     {"target", store::UsageBy::target},
     {"model", store::UsageBy::model}}};

using Line = std::array<std::string, 6>;

// 1,234,567
std::string grouped(std::int64_t number) {
  std::string text = fmt::format("{}", number);
  for (std::size_t at = text.size(); at > 3 + (number < 0 ? 1u : 0u); at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

Line line_of(std::string key, const store::Used& used) {
  return {std::move(key),
          grouped(used.calls),
          grouped(used.input_tokens),
          grouped(used.output_tokens),
          grouped(used.cached_tokens),
          fmt::format("{:.6f}", used.cost)};
}

}  // namespace

std::vector<std::string> usage_words() {
  std::vector<std::string> words;
  for (const auto& [word, by] : kWords) words.emplace_back(word);
  return words;
}

store::UsageBy usage_by(std::string_view word) {
  for (const auto& [known, by] : kWords)
    if (known == word) return by;
  return store::UsageBy::day;
}

bool is_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  int parts[3] = {};
  std::size_t part = 0;
  for (char c : text) {
    if (c == '-' && ++part < 3) continue;
    if (part > 2 || !std::isdigit(static_cast<unsigned char>(c))) return false;
    parts[part] = parts[part] * 10 + (c - '0');
  }
  using namespace std::chrono;
  return year_month_day(year(parts[0]), month(static_cast<unsigned>(parts[1])),
                        day(static_cast<unsigned>(parts[2])))
      .ok();
}

std::string usage_table(const std::vector<store::UsageRow>& rows, std::string_view word) {
  std::string title(word);
  std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::toupper(c); });
  std::vector<Line> lines{{title, "CALLS", "INPUT", "OUTPUT", "CACHED", "COST"}};
  store::Used all;
  for (const store::UsageRow& row : rows) {
    lines.push_back(line_of(row.key.empty() ? "-" : row.key, row.used));
    all += row.used;
  }
  if (rows.size() > 1) lines.push_back(line_of("all", all));
  std::array<std::size_t, 6> widths{};
  for (const Line& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string text;
  for (const Line& line : lines) {
    text += fmt::format("{:<{}}", line[0], widths[0]);
    for (std::size_t i = 1; i < line.size(); ++i) text += fmt::format("  {:>{}}", line[i], widths[i]);
    text += '\n';
  }
  return text;
}

Json usage_json(const store::UsageRow& row, std::string_view word) {
  return {{std::string(word), row.key},
          {"calls", row.used.calls},
          {"input_tokens", row.used.input_tokens},
          {"output_tokens", row.used.output_tokens},
          {"cached_tokens", row.used.cached_tokens},
          {"cost", row.used.cost}};
}

}  // namespace troupe::app

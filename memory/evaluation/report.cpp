#include "memory/evaluation/report.h"

#include "models/builtin/utf8.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::size_t kColumns = 6;
using Line = std::array<std::string, kColumns>;

Line line_of(const Measure& measure) {
  Line line{measure.name, "-", "-", "0", "", measure.note};
  if (measure.estimate) {
    const auto shown = [&](double value) { return fmt::format("{:.{}f}", value, measure.decimals); };
    line[1] = shown(measure.estimate->value);
    line[2] = shown(measure.estimate->low) + " - " + shown(measure.estimate->high);
    line[3] = std::to_string(measure.estimate->n);
  }
  if (measure.left_out > 0) line[4] = std::to_string(measure.left_out);
  return line;
}

// Figures are read from the right, words from the left.
std::string padded(const std::string& text, std::size_t width, bool left) {
  const std::string blanks(width - models::builtin::length(text), ' ');
  return left ? text + blanks : blanks + text;
}

}  // namespace

std::string report_table(const std::vector<Measure>& measures) {
  std::vector<Line> lines{{"MEASURE", "VALUE", "95 % INTERVAL", "N", "LEFT OUT", "NOTE"}};
  for (const Measure& measure : measures) lines.push_back(line_of(measure));
  std::array<std::size_t, kColumns> widths{};
  for (std::size_t column = 0; column < kColumns; ++column) {
    const bool used =
        column < 4 ||
        std::any_of(lines.begin() + 1, lines.end(), [&](const Line& line) { return !line[column].empty(); });
    if (!used) continue;
    for (const Line& line : lines)
      widths[column] = std::max(widths[column], models::builtin::length(line[column]));
  }
  std::string table;
  for (const Line& line : lines) {
    std::string row;
    for (std::size_t column = 0; column < kColumns; ++column) {
      if (widths[column] == 0) continue;
      if (column > 0) row += "  ";
      row += padded(line[column], widths[column], column == 0 || column == kColumns - 1);
    }
    row.erase(row.find_last_not_of(' ') + 1);
    table += row + '\n';
  }
  return table;
}

Json report_json(const std::vector<Measure>& measures) {
  Json list = Json::array();
  for (const Measure& measure : measures) {
    Json one = {{"name", measure.name}, {"value", nullptr}, {"low", nullptr}, {"high", nullptr}, {"n", 0}};
    if (measure.estimate) {
      one["value"] = measure.estimate->value;
      one["low"] = measure.estimate->low;
      one["high"] = measure.estimate->high;
      one["n"] = measure.estimate->n;
    }
    if (measure.left_out > 0) one["left_out"] = measure.left_out;
    if (!measure.note.empty()) one["note"] = measure.note;
    list.push_back(std::move(one));
  }
  return {{"measures", std::move(list)}};
}

}  // namespace troupe::memory

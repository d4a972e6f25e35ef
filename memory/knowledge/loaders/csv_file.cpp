#include "memory/knowledge/loaders/csv_file.h"

#include "memory/knowledge/loaders/clean.h"
#include "memory/knowledge/loaders/csv_rows.h"
#include "memory/knowledge/loaders/draft.h"
#include "memory/knowledge/loaders/json_lines.h"
#include "models/builtin/utf8.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::memory::loaders {

namespace {

using Cells = std::vector<std::string>;
using models::builtin::is_digit;
using models::builtin::trim;

constexpr std::size_t kNameBytes = 200;

bool is_number(std::string_view text) {
  text = trim(text);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789.,%") == std::string_view::npos &&
         std::ranges::any_of(text, is_digit);
}

/// Columns of a wide table are often called by years.
bool is_year(std::string_view text) {
  text = trim(text);
  return text.size() == 4 && (text.starts_with("19") || text.starts_with("20")) &&
         std::ranges::all_of(text, is_digit);
}

bool names_columns(const Cells& row) {
  return std::ranges::any_of(row, [](const auto& cell) { return !trim(cell).empty(); }) &&
         std::ranges::none_of(row, [](const auto& cell) { return is_number(cell) && !is_year(cell); });
}

std::string numbered(std::size_t column) {
  return fmt::format("column {}", column + 1);
}

/// Rows with another number of cells than the first.
struct Ragged {
  std::size_t count = 0, first_line = 0;

  void see(std::size_t line) {
    if (count++ == 0) first_line = line;
  }
};

std::string lines_of(const Cells& row, const Cells& names) {
  std::string lines;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string_view value = trim(row[i]);
    if (value.empty()) continue;
    lines += i < names.size() ? names[i] : numbered(i);
    lines += ": ";
    append_indented(lines, value);
    lines += '\n';
  }
  return lines;
}

Cells names_of(const Cells& first, bool named) {
  Cells names;
  for (std::size_t i = 0; i < first.size(); ++i) {
    names.push_back(named ? clean_line(first[i], kNameBytes) : "");
    if (names.back().empty()) names.back() = numbered(i);
  }
  return names;
}

}  // namespace

Document load_csv(std::string_view text, const LoadLimits& limits) {
  Draft draft(Format::csv, limits);
  const char delimiter = delimiter_of(text);
  if (text.starts_with("sep=") && text.size() > 5 && (text[5] == '\n' || text[5] == '\r'))
    text.remove_prefix(5);
  CsvRows rows(text, delimiter, limits.columns);
  Cells row;
  bool more = rows.next(row);
  const bool named = more && names_columns(row);
  const Cells names = names_of(row, named);
  if (more && !named)
    draft.remark(
        "The first row holds numbers, so it was read as data; the columns are called by their place.");
  if (named) more = rows.next(row);

  Ragged ragged;
  for (; more; more = rows.next(row)) {
    if (row.size() != names.size()) ragged.see(rows.line());
    const std::string lines = lines_of(row, names);
    if (lines.empty()) continue;
    if (draft.end() > 0) draft.add("\n");
    if (!draft.record() || !draft.add(lines)) break;
  }

  if (ragged.count)
    draft.remark(
        fmt::format("{} rows have another number of cells than the {} of the first row; the first of "
                    "them begins at line {}.",
                    ragged.count, names.size(), ragged.first_line));
  if (rows.unclosed_line())
    draft.remark(
        fmt::format("The quotation mark that opens at line {} is never closed; from there on quotation "
                    "marks were read as characters.",
                    rows.unclosed_line()));
  if (rows.left_out_cells())
    draft.remark(fmt::format("Only the first {} cells of a row were read.", limits.columns));
  return std::move(draft).finish();
}

}  // namespace troupe::memory::loaders

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory::loaders {

/// Reads rows of cells as RFC 4180 has them, and what programs make of it: any delimiter, either line end,
/// text behind a closing quote. A quote that is never closed would take the rest of the file into one cell:
/// it and all later ones count as characters. Each byte is looked at twice at most.
class CsvRows {
 public:
  CsvRows(std::string_view text, char delimiter, std::size_t cells_max)
      : text_(text), delimiter_(delimiter), cells_max_(cells_max) {}

  /// The next row that is not a blank line; false at the end. Cells past `cells_max` are left out.
  bool next(std::vector<std::string>& cells);

  std::size_t line() const { return row_line_; }  ///< where the row began, from 1
  /// Where the quote stands that is never closed; 0: none.
  std::size_t unclosed_line() const { return unclosed_line_; }
  bool left_out_cells() const { return left_out_; }

 private:
  void cell(std::string& out);
  bool quoted(std::string& out);
  void bare(std::string& out);
  bool at_line_end() const;
  void skip_line_end();

  std::string_view text_;
  char delimiter_;
  std::size_t cells_max_;
  std::size_t at_ = 0;
  std::size_t line_ = 1, row_line_ = 1;
  std::size_t unclosed_line_ = 0;
  bool left_out_ = false;
};

/// Which of , ; tab and | divides the first rows into the same number of cells; "," when none does. Excel's
/// first line "sep=;" is obeyed.
char delimiter_of(std::string_view text);
/// How many cells each of the first rows has with that delimiter; 0: they differ, or there are less than two.
std::size_t even_columns(std::string_view text, char delimiter, std::size_t rows_max);

}  // namespace troupe::memory::loaders

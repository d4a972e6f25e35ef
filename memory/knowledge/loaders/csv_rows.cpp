#include "memory/knowledge/loaders/csv_rows.h"

#include <algorithm>
#include <map>
#include <utility>

namespace troupe::memory::loaders {

namespace {

constexpr std::size_t kSample = 64u << 10;
constexpr std::size_t kSampleRows = 30;
constexpr std::size_t kSampleCells = 1'000;

/// The number of cells most rows of a sample have, and how many rows those are, of how many.
struct Shape {
  std::size_t cells = 0, alike = 0, rows = 0;
};

Shape shape_of(std::string_view text, char delimiter, std::size_t rows_max) {
  CsvRows rows(text.substr(0, kSample), delimiter, kSampleCells);
  std::map<std::size_t, std::size_t> counts;
  Shape shape;
  std::vector<std::string> cells;
  while (shape.rows < rows_max && rows.next(cells)) {
    ++shape.rows;
    ++counts[cells.size()];
  }
  // The last row of a sample may be cut.
  for (const auto& [size, count] : counts)
    if (count >= shape.alike) shape.cells = size, shape.alike = count;
  return shape;
}

}  // namespace

bool CsvRows::next(std::vector<std::string>& cells) {
  while (at_ < text_.size() && at_line_end()) skip_line_end();
  if (at_ >= text_.size()) return false;
  row_line_ = line_;
  std::size_t count = 0;
  std::string spare;
  for (;; ++at_) {
    const bool taken = count < cells_max_;
    left_out_ |= !taken;
    if (taken && cells.size() <= count) cells.emplace_back();
    std::string& out = taken ? cells[count] : spare;
    out.clear();
    cell(out);
    count += taken;
    if (at_ >= text_.size() || text_[at_] != delimiter_) break;
  }
  skip_line_end();
  cells.resize(count);
  return true;
}

void CsvRows::cell(std::string& out) {
  std::size_t begin = at_;
  while (begin < text_.size() && text_[begin] == ' ' && delimiter_ != ' ') ++begin;
  if (begin < text_.size() && text_[begin] == '"' && unclosed_line_ == 0) {
    const std::size_t line = line_;
    const std::size_t back = std::exchange(at_, begin);
    if (quoted(out)) return bare(out);
    unclosed_line_ = line;
    line_ = line;
    at_ = back;
    out.clear();
  }
  bare(out);
}

bool CsvRows::quoted(std::string& out) {
  ++at_;
  for (;;) {
    const auto quote = text_.find('"', at_);
    if (quote == std::string_view::npos) return false;
    const std::string_view part = text_.substr(at_, quote - at_);
    line_ += static_cast<std::size_t>(std::ranges::count(part, '\n'));
    out += part;
    at_ = quote + 1;
    if (at_ >= text_.size() || text_[at_] != '"') return true;
    out += '"';
    ++at_;
  }
}

void CsvRows::bare(std::string& out) {
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_[at_] != delimiter_ && !at_line_end()) ++at_;
  out.append(text_, begin, at_ - begin);
}

bool CsvRows::at_line_end() const {
  return text_[at_] == '\n' || text_[at_] == '\r';
}

void CsvRows::skip_line_end() {
  if (at_ >= text_.size()) return;
  at_ += text_.substr(at_).starts_with("\r\n") ? 2 : 1;
  ++line_;
}

char delimiter_of(std::string_view text) {
  if (text.starts_with("sep=") && text.size() > 5 && (text[5] == '\n' || text[5] == '\r')) return text[4];
  char best = ',';
  Shape best_shape;
  for (const char delimiter : {',', '\t', ';', '|'}) {
    const Shape shape = shape_of(text, delimiter, kSampleRows);
    if (shape.cells < 2) continue;
    // Alike rows first, then many cells: prose has commas, but not the same number in each line.
    if (shape.alike * std::max<std::size_t>(best_shape.rows, 1) > best_shape.alike * shape.rows ||
        (shape.alike * best_shape.rows == best_shape.alike * shape.rows && shape.cells > best_shape.cells))
      best = delimiter, best_shape = shape;
  }
  return best;
}

std::size_t even_columns(std::string_view text, char delimiter, std::size_t rows_max) {
  const Shape shape = shape_of(text, delimiter, rows_max);
  return shape.rows >= 2 && shape.alike == shape.rows ? shape.cells : 0;
}

}  // namespace troupe::memory::loaders

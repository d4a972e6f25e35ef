#include "memory/knowledge/loaders/html/block_writer.h"

#include <algorithm>
#include <utility>

namespace troupe::memory::loaders::html {

namespace {

// In a row that is being written; the same bytes in a page are white space.
constexpr char kCell = '\x1E', kBreak = '\x1F';
constexpr std::string_view kCellEnds = " \x1F\n";

constexpr std::size_t kLayoutCell = 600;    // a longer cell of paragraphs is no datum but part of a layout
constexpr std::size_t kHeadingBytes = 300;  // a longer one is a paragraph in large letters, or never ended

bool is_space(char c) {
  return static_cast<unsigned char>(c) <= 0x20;
}

std::string_view trimmed(std::string_view text, std::string_view ends) {
  const auto from = text.find_first_not_of(ends);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(ends) - from + 1);
}

std::uint32_t words_of(std::string_view text) {
  std::uint32_t words = 0, ideographs = 0;
  bool in_word = false;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    words += !in_word && !is_space(c);
    in_word = !is_space(c);
    ideographs += byte >= 0xE3 && byte <= 0xED;  // first bytes of Chinese, Japanese, Korean characters
  }
  return words + ideographs / 2;
}

/// Paragraphs of a cell on one line: apart by a semicolon where no other mark ends them.
std::string without_breaks(std::string_view row) {
  std::string out;
  for (char c : row) {
    if (c != kBreak)
      out += c == '\n' ? ' ' : c;
    else if (!out.empty() && out.back() != ' ')
      out += std::string_view(".,;:!?|").find(out.back()) == std::string_view::npos ? "; " : " ";
  }
  return out;
}

/// Calls `use` with each part of `text` between `separator`s.
template <class Use>
void for_each_part(std::string_view text, char separator, Use use) {
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    use(text.substr(at, end - at));
    at = end + 1;
  }
}

}  // namespace

void BlockWriter::text(std::string_view text, Standing standing) {
  if (standing.preformatted) return verbatim(text);
  for (std::size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      gap_ = true;
      ++at;
    } else if (text.substr(at).starts_with("\xC2\xA0")) {  // no-break space
      gap_ = true;
      at += 2;
    } else if (text.substr(at).starts_with("\xC2\xAD")) {  // soft hyphen
      at += 2;
    } else if (text.substr(at).starts_with("\xE2\x80\x8B")) {  // zero width space
      at += 3;
    } else {
      std::size_t end = at + 1;
      while (end < text.size() && !is_space(text[end]) && text[end] != '\xC2' && text[end] != '\xE2') ++end;
      word(text.substr(at, end - at));
      at = end;
    }
  }
}

void BlockWriter::word(std::string_view word) {
  if (std::exchange(gap_, false) && !line_.empty() && !is_space(line_.back())) line_ += ' ';
  line_ += word;
  letters_ += static_cast<std::uint32_t>(word.size());
  if (link_) link_letters_ += static_cast<std::uint32_t>(word.size());
}

void BlockWriter::verbatim(std::string_view text) {
  gap_ = false;
  const std::size_t begin = line_.size();
  line_ += text;
  for (std::size_t i = begin; i < line_.size(); ++i) {
    if (line_[i] == kCell || line_[i] == kBreak) line_[i] = ' ';
    letters_ += !is_space(line_[i]);
  }
}

void BlockWriter::line_break(Standing standing) {
  gap_ = false;
  if (standing.cell && !standing.preformatted)
    line_ += kBreak;
  else if (standing.preformatted || !line_.empty())
    line_ += '\n';
}

void BlockWriter::end_block(Standing standing) {
  if (standing.preformatted) {  // a block within: a line of it
    if (!line_.empty() && line_.back() != '\n') line_ += '\n';
    return;
  }
  gap_ = false;
  if (standing.cell && heading_ == 0) {
    if (!line_.empty()) line_ += kBreak;
    return;
  }
  const std::string_view text = trimmed(line_, kCellEnds);
  if (!text.empty()) emit(text, Block::Kind::paragraph, standing);
  reset();
}

void BlockWriter::begin_heading(int level, Standing standing) {
  if (standing.cell)
    end_row(standing);  // a table with headings in it lays out a page
  else
    end_block(standing);
  heading_ = level;
}

void BlockWriter::end_heading(Standing standing) {
  end_block(standing);
  heading_ = 0;
}

void BlockWriter::begin_preformatted(Standing standing) {
  if (standing.cell)
    end_row(standing);
  else
    end_block(standing);
}

void BlockWriter::end_preformatted(Standing standing) {
  const std::string_view text = trimmed(line_, "\n\r");
  if (text.find_first_not_of(" \t\n\r") != std::string_view::npos)
    emit(text, Block::Kind::preformatted, standing);
  reset();
}

void BlockWriter::begin_item(std::string marker) {
  item_ = true;
  marker_ = std::move(marker);
}

void BlockWriter::begin_cell() {
  if (cells_++ > 0) line_ += kCell;
  gap_ = false;
}

void BlockWriter::end_row(Standing standing) {
  cells_ = 0;
  std::size_t filled = 0, longest = 0;
  std::string row;
  std::size_t row_end = 0;
  for_each_part(line_, kCell, [&](std::string_view cell) {
    cell = trimmed(cell, kCellEnds);
    filled += !cell.empty();
    longest = std::max(longest, cell.size());
    row += cell;
    if (!cell.empty()) row_end = row.size();
    row += " | ";
  });
  row.resize(row_end);  // empty cells at the end say nothing
  if (filled > 1 && (longest <= kLayoutCell || line_.find(kBreak) == std::string::npos)) {
    emit(without_breaks(row), Block::Kind::row, standing);
  } else if (filled > 0) {
    for_each_part(line_, kCell, [&](std::string_view cell) { paragraphs(cell, standing); });
  }
  reset();
}

void BlockWriter::paragraphs(std::string_view cell, Standing standing) {
  for_each_part(cell, kBreak, [&](std::string_view part) {
    part = trimmed(part, kCellEnds);
    if (!part.empty()) emit(part, Block::Kind::paragraph, standing);
  });
}

void BlockWriter::begin_link() {
  link_ = true;
  link_begin_ = line_.size();
}

void BlockWriter::end_link(std::string_view target) {
  link_ = false;
  if (target.empty() || line_.size() <= link_begin_) return;
  const std::string_view said = trimmed(std::string_view(line_).substr(link_begin_), " \x1E\x1F\n");
  if (said.empty() || target.find(said) != std::string_view::npos) return;
  line_.append(" (").append(target).append(")");
}

void BlockWriter::emit(std::string_view text, Block::Kind kind, Standing standing) {
  if (full()) {
    page_.cut = true;
    return;
  }
  Block block;
  block.begin = static_cast<std::uint32_t>(page_.text.size());
  if (std::exchange(item_, false) && kind == Block::Kind::paragraph) {
    kind = Block::Kind::item;
    page_.text += marker_;
  }
  page_.text += text;
  block.end = static_cast<std::uint32_t>(page_.text.size());
  const bool heading = heading_ && kind == Block::Kind::paragraph && text.size() <= kHeadingBytes;
  block.kind = heading ? Block::Kind::heading : kind;
  block.level = static_cast<std::uint8_t>(heading ? heading_ : 0);
  block.words = words_of(text);
  block.letters = letters_;
  block.link_letters = link_letters_;
  block.group = group_;
  block.boilerplate = standing.boilerplate;
  block.main = standing.main;
  block.article = standing.article;
  page_.blocks.push_back(block);
}

void BlockWriter::reset() {
  line_.clear();
  letters_ = link_letters_ = 0;
  link_begin_ = 0;
  gap_ = false;
}

}  // namespace troupe::memory::loaders::html

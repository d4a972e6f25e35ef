#include "memory/knowledge/chunkers/markdown_blocks.h"

#include "memory/knowledge/chunkers/markdown_lines.h"

#include <algorithm>
#include <optional>

namespace troupe::memory::chunkers {

namespace {

/// Lines of a part, one after the other; fenced code is one of them.
class Lines {
 public:
  Lines(std::string_view text, std::size_t begin) : text_(text), next_(begin) { advance(); }

  bool done() const { return begin_ == text_.size(); }
  std::size_t begin() const { return begin_; }
  std::string_view line() const { return line_; }  ///< of fenced code the first
  bool fenced() const { return fenced_; }

  void advance() {
    begin_ = std::min(next_, text_.size());
    if (done()) return;
    line_ = read();
    const auto fence = opened_fence(line_);
    fenced_ = fence.has_value();
    for (bool open = fenced_; open && next_ < text_.size();) open = !closes(read(), *fence);
  }

 private:
  std::string_view read() {
    const std::size_t end = std::min(text_.find('\n', next_), text_.size());
    const Span line{next_, end};
    next_ = std::min(end + 1, text_.size());
    return line.of(text_);
  }

  std::string_view text_;
  std::size_t begin_ = 0;
  std::size_t next_;
  std::string_view line_;
  bool fenced_ = false;
};

bool is_indented(std::string_view line) {
  return line.starts_with("  ") || line.starts_with('\t');
}

/// Blocks of a section, or (`lists` false) parts of an item, which a list does not hold together.
class BlockBreaks final : public Breaks {
 public:
  BlockBreaks(std::string_view text, Span part, bool lists)
      : text_(text.substr(0, part.end)), lists_(lists) {}

  std::size_t after(std::size_t at) override {
    Lines lines(text_, at);
    bool list = false;
    bool blank = false;  // the line before
    bool headed = true;  // nothing but headings so far
    for (; !lines.done(); lines.advance()) {
      const std::string_view line = lines.line();
      if (is_blank(line)) {
        blank = true;
        continue;
      }
      const bool belongs = headed || (list && is_indented(line));
      if (!belongs && (lines.fenced() || heading_level(line))) break;
      const bool item = lists_ && item_indent(line);
      if (!belongs && blank && !(list && item)) break;
      if (headed && lines.fenced()) {
        lines.advance();
        break;
      }
      list = list || item;
      headed = headed && heading_level(line);
      blank = false;
    }
    return lines.begin();
  }

 private:
  std::string_view text_;
  bool lists_;
};

class ItemBreaks final : public Breaks {
 public:
  ItemBreaks(std::string_view text, Span part) : text_(text.substr(0, part.end)), lines_(text_, part.begin) {}

  std::size_t after(std::size_t at) override {
    for (; !lines_.done(); lines_.advance()) {
      if (lines_.fenced()) continue;
      const auto indent = item_indent(lines_.line());
      if (!indent || (outer_ && *indent > *outer_)) continue;
      const bool first = !outer_;
      outer_ = indent;
      // What leads to the first item stays with it.
      if (!first && lines_.begin() > at) return lines_.begin();
    }
    return text_.size();
  }

 private:
  std::string_view text_;
  Lines lines_;
  std::optional<std::size_t> outer_;  // how far in the items are
};

}  // namespace

std::unique_ptr<Breaks> markdown_breaks(Break kind, std::string_view text, Span part) {
  if (kind == Break::item) return std::make_unique<ItemBreaks>(text, part);
  return std::make_unique<BlockBreaks>(text, part, kind == Break::block);
}

}  // namespace troupe::memory::chunkers

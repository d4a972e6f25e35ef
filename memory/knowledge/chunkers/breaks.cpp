#include "memory/knowledge/chunkers/breaks.h"

#include "memory/knowledge/chunkers/markdown_blocks.h"
#include "memory/knowledge/chunkers/unicode_breaks.h"

#include <algorithm>

namespace troupe::memory::chunkers {

namespace {

/// At places that are known.
class ListedBreaks final : public Breaks {
 public:
  ListedBreaks(std::span<const std::size_t> places, std::size_t end) : places_(places), end_(end) {}

  std::size_t after(std::size_t at) override {
    const auto next = std::ranges::upper_bound(places_, at);
    return next == places_.end() ? end_ : std::min(*next, end_);
  }

 private:
  std::span<const std::size_t> places_;
  std::size_t end_;
};

class LineBreaks final : public Breaks {
 public:
  LineBreaks(std::string_view text, Span part) : text_(text.substr(0, part.end)) {}

  std::size_t after(std::size_t at) override {
    const std::size_t found = text_.find('\n', at);
    return found == text_.npos ? text_.size() : found + 1;
  }

 private:
  std::string_view text_;
};

class ParagraphBreaks final : public Breaks {
 public:
  ParagraphBreaks(std::string_view text, Span part) : text_(text.substr(0, part.end)) {}

  std::size_t after(std::size_t at) override {
    for (;;) {
      const std::size_t line = text_.find('\n', at);
      if (line == text_.npos) return text_.size();
      const std::size_t next = text_.find_first_not_of(" \t", line + 1);
      if (next == text_.npos) return text_.size();
      if (text_[next] == '\n') return next + 1;
      at = next;
    }
  }

 private:
  std::string_view text_;
};

class CodePointBreaks final : public Breaks {
 public:
  CodePointBreaks(std::string_view text, Span part) : text_(text.substr(0, part.end)) {}

  std::size_t after(std::size_t at) override {
    do ++at;
    while (at < text_.size() && character_floor(text_, at) != at);
    return at;
  }

 private:
  std::string_view text_;
};

}  // namespace

std::unique_ptr<Breaks> make_breaks(Break kind, const Layout& layout, Span part) {
  switch (kind) {
    case Break::record:
      return std::make_unique<ListedBreaks>(layout.records, part.end);
    case Break::section:
      return std::make_unique<ListedBreaks>(layout.sections, part.end);
    case Break::block:
    case Break::item:
    case Break::part:
      return markdown_breaks(kind, layout.text, part);
    case Break::paragraph:
      return std::make_unique<ParagraphBreaks>(layout.text, part);
    case Break::line:
      return std::make_unique<LineBreaks>(layout.text, part);
    case Break::sentence:
    case Break::word:
    case Break::character:
      return unicode_breaks(kind, layout.text, part);
    case Break::code_point:
      break;
  }
  return std::make_unique<CodePointBreaks>(layout.text, part);
}

}  // namespace troupe::memory::chunkers

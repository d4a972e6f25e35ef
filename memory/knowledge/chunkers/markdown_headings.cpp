#include "memory/knowledge/chunkers/markdown_headings.h"

#include "memory/knowledge/chunkers/markdown_lines.h"
#include "memory/knowledge/chunkers/span.h"

#include <algorithm>
#include <optional>
#include <string>

namespace troupe::memory::chunkers {

namespace {

Span line_at(std::string_view text, std::size_t begin) {
  return {begin, std::min(text.find('\n', begin), text.size())};
}

/// Where the text goes on after its front matter; 0 where it has none.
std::size_t after_front_matter(std::string_view text) {
  if (!text.starts_with("---\n")) return 0;
  const std::size_t close = text.find("\n---", 3);
  if (close == text.npos) return 0;
  const Span line = line_at(text, close + 1);
  return closes(line.of(text), {'-', 3}) ? line.end : 0;
}

/// 1 or 2: the line makes a heading of the one above it.
std::optional<int> underline_level(std::string_view line) {
  if (closes(line, {'=', 1})) return 1;
  return closes(line, {'-', 2}) ? std::optional(2) : std::nullopt;
}

bool can_be_underlined(std::string_view line) {
  return !is_blank(line) && !begins_structure(line) && !underline_level(line);
}

}  // namespace

std::vector<Document::Heading> markdown_headings(std::string_view text) {
  std::vector<Document::Heading> headings;
  std::optional<Fence> fence;
  std::optional<Span> above;  // the only line of a paragraph so far
  bool in_paragraph = false;
  for (std::size_t at = after_front_matter(text); at < text.size();) {
    const Span span = line_at(text, at);
    const std::string_view line = span.of(text);
    at = span.end + 1;
    if (fence) {
      if (closes(line, *fence)) fence.reset();
      continue;
    }
    fence = opened_fence(line);
    const auto level = heading_level(line);
    if (level)
      headings.push_back({span.begin, *level, std::string(heading_text(line))});
    else if (const auto under = underline_level(line); under && above)
      headings.push_back({above->begin, *under, std::string(heading_text(above->of(text)))});
    const bool plain = !level && can_be_underlined(line);
    above = plain && !in_paragraph ? std::optional(span) : std::nullopt;
    in_paragraph = !is_blank(line) && !level && !underline_level(line);
  }
  return headings;
}

}  // namespace troupe::memory::chunkers

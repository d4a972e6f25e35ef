#include "memory/knowledge/chunkers/markdown_lines.h"

#include <algorithm>

namespace troupe::memory::chunkers {

namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::size_t kNumberDigits = 9;  // of an ordered item, as CommonMark bounds it

std::size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(kBlanks), line.size());
}

bool blank_at(std::string_view text, std::size_t at) {
  return at >= text.size() || kBlanks.contains(text[at]);
}

std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(indent_of(text));
  while (!text.empty() && kBlanks.contains(text.back())) text.remove_suffix(1);
  return text;
}

std::size_t marker_size(std::string_view text) {
  if (text.starts_with("•")) return std::string_view("•").size();
  if (text.empty()) return 0;
  if (std::string_view("-*+").contains(text[0])) return 1;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const bool ordered = digits > 0 && digits <= kNumberDigits && digits < text.size();
  return ordered && (text[digits] == '.' || text[digits] == ')') ? digits + 1 : 0;
}

}  // namespace

bool is_blank(std::string_view line) {
  return indent_of(line) == line.size();
}

std::optional<std::size_t> item_indent(std::string_view line) {
  const std::size_t indent = indent_of(line);
  const std::size_t marker = marker_size(line.substr(indent));
  if (marker == 0 || !blank_at(line, indent + marker)) return std::nullopt;
  return indent;
}

std::optional<int> heading_level(std::string_view line) {
  const std::size_t indent = indent_of(line);
  if (indent > 3) return std::nullopt;  // more is code
  const std::string_view text = line.substr(indent);
  const std::size_t marks = std::min(text.find_first_not_of('#'), text.size());
  if (marks == 0 || marks > 6 || !blank_at(text, marks)) return std::nullopt;
  return static_cast<int>(marks);
}

std::string_view heading_text(std::string_view line) {
  std::string_view text = without_blanks(line);
  if (heading_level(line)) {
    text.remove_prefix(std::min(text.find_first_not_of('#'), text.size()));
    const std::size_t last = text.find_last_not_of('#');
    if (last == text.npos) return "";
    if (kBlanks.contains(text[last])) text = text.substr(0, last);
  }
  text = without_blanks(text);
  const std::size_t anchor = text.rfind("{#");
  if (anchor != text.npos && text.ends_with('}')) text = without_blanks(text.substr(0, anchor));
  return text;
}

std::optional<Fence> opened_fence(std::string_view line) {
  const std::string_view text = line.substr(indent_of(line));
  if (!text.starts_with("```") && !text.starts_with("~~~")) return std::nullopt;
  const char mark = text[0];
  const std::size_t length = std::min(text.find_first_not_of(mark), text.size());
  // "```a```" in a line of its own is code within a text.
  if (mark == '`' && text.substr(length).contains('`')) return std::nullopt;
  return Fence{mark, length};
}

bool closes(std::string_view line, Fence fence) {
  const std::string_view text = without_blanks(line);
  return text.size() >= fence.length && text.find_first_not_of(fence.mark) == text.npos;
}

bool begins_structure(std::string_view line) {
  const std::size_t indent = indent_of(line);
  if (indent == line.size()) return false;
  return line[indent] == '|' || line[indent] == '>' || item_indent(line) || heading_level(line) ||
         opened_fence(line);
}

}  // namespace troupe::memory::chunkers

#include "memory/knowledge/loaders/pdf.h"

#include "memory/knowledge/loaders/draft.h"
#include "models/builtin/utf8.h"
#include "runtime/base/ascii.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

namespace troupe::memory::loaders {

namespace {

using models::builtin::is_digit;
using models::builtin::trim;

constexpr std::size_t kRunningPages = 3;  // a line on so many pages, and on
constexpr double kRunningShare = 0.6;     // this part of them, is no text
constexpr std::size_t kRunningLineBytes = 200;
constexpr int kEdgeLines = 2;  // of each end of a page that may be such lines

/// Marks of writing direction, which pdftotext puts around Arabic and Hebrew.
bool is_direction_mark(std::string_view text) {
  if (text.size() < 3 || text[0] != '\xE2') return false;
  const auto second = static_cast<unsigned char>(text[1]), third = static_cast<unsigned char>(text[2]);
  return (second == 0x80 && (third == 0x8E || third == 0x8F || (third >= 0xAA && third <= 0xAE))) ||
         (second == 0x81 && third >= 0xA6 && third <= 0xA9);
}

std::string without_direction_marks(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = std::min(text.find('\xE2', at), text.size());
    out.append(text, at, next - at);
    at = next;
    if (at == text.size()) break;
    const bool mark = is_direction_mark(text.substr(at));
    if (!mark) out += text[at];
    at += mark ? 3 : 1;
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// A line with its numbers made alike; empty: it is too long to stand on every page.
std::string pattern_of(std::string_view line) {
  line = trim(line);
  if (line.size() > kRunningLineBytes) return "";
  std::string pattern;
  for (char c : line) {
    if (!is_digit(c))
      pattern += c;
    else if (!pattern.ends_with('#'))
      pattern += '#';
  }
  return pattern;
}

/// Indexes of the first and last lines of a page that are not blank.
std::vector<std::size_t> edges_of(const std::vector<std::string_view>& lines) {
  std::vector<std::size_t> edges;
  const auto filled = [&](std::size_t i) { return !trim(lines[i]).empty(); };
  for (std::size_t i = 0; i < lines.size() && edges.size() < kEdgeLines; ++i)
    if (filled(i)) edges.push_back(i);
  const std::size_t first_end = edges.empty() ? 0 : edges.back();
  std::size_t taken = 0;
  for (std::size_t i = lines.size(); i-- > first_end + 1 && taken < kEdgeLines;)
    if (filled(i)) edges.push_back(i), ++taken;
  return edges;
}

/// Lines at the edges of pages that most pages share.
class RunningLines {
 public:
  explicit RunningLines(const std::vector<std::string_view>& pages) : pages_(pages.size()) {
    for (const auto page : pages) {
      const auto lines = split(page, '\n');
      std::vector<std::string> seen;
      for (const std::size_t i : edges_of(lines)) {
        std::string pattern = pattern_of(lines[i]);
        if (pattern.empty() || std::ranges::find(seen, pattern) != seen.end()) continue;
        ++counts_[pattern];
        seen.push_back(std::move(pattern));
      }
    }
  }

  bool holds(std::string_view line) const {
    const auto it = counts_.find(pattern_of(line));
    return it != counts_.end() && it->second >= kRunningPages &&
           static_cast<double>(it->second) >= kRunningShare * static_cast<double>(pages_);
  }

 private:
  std::size_t pages_;
  std::unordered_map<std::string, std::size_t> counts_;
};

bool has_letter(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return models::builtin::is_letter(c) || c < 0; });
}

template <class Keep>
std::string joined(const std::vector<std::string_view>& lines, Keep keep) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool blank = trim(lines[i]).empty();
    if (!keep(i) || (blank && (text.empty() || text.ends_with("\n\n")))) continue;
    text += lines[i];
    text += '\n';
  }
  text.resize(text.find_last_not_of('\n') + 1);
  return text;
}

std::string text_of(std::string_view page, const RunningLines& running) {
  const auto lines = split(page, '\n');
  const auto edges = edges_of(lines);
  const auto runs = [&](std::size_t i) {
    return std::ranges::find(edges, i) != edges.end() && running.holds(lines[i]);
  };
  std::string text = joined(lines, [&](std::size_t i) { return !runs(i); });
  // A page that says nothing else does say it; its number alone is nothing.
  if (text.empty()) text = joined(lines, [&](std::size_t i) { return has_letter(lines[i]); });
  return text;
}

/// "3, 5 to 8"
std::string ranges_of(const std::vector<int>& numbers) {
  std::string out;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    if (!out.empty()) out += ", ";
    out += last > i ? fmt::format("{} to {}", numbers[i], numbers[last]) : std::to_string(numbers[i]);
    i = last + 1;
  }
  return out;
}

/// Programs that print to PDF leave the name of a file here.
bool is_title(std::string_view text) {
  const std::string name = lower(text);
  return !name.empty() && name != "untitled" && !name.starts_with("microsoft word - ") &&
         std::ranges::none_of(std::initializer_list<std::string_view>{".doc", ".docx", ".indd", ".tex",
                                                                      ".dvi", ".hwp", ".ppt", ".pptx"},
                              [&](std::string_view ending) { return name.ends_with(ending); });
}

/// The pages the file has; 0: unknown.
std::size_t read_info(std::string_view info, Draft& draft) {
  struct Known {
    std::string_view name, key;
  };
  static constexpr Known kKnown[] = {
      {"Author", "author"}, {"Subject", "description"}, {"Keywords", "keywords"}, {"CreationDate", "date"}};
  std::size_t pages = 0;
  for (const auto line : split(info, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon), value = trim(line.substr(colon + 1));
    if (name == "Title" && is_title(value)) draft.title(value);
    if (name == "Pages")
      for (char c : value.substr(0, 9))
        pages = is_digit(c) ? pages * 10 + static_cast<std::size_t>(c - '0') : pages;
    for (const Known& known : kKnown)
      if (known.name == name) draft.metadata(known.key, value);
  }
  return pages;
}

}  // namespace

std::vector<std::string> pdftotext_arguments(int pages_max) {
  return {"pdftotext", "-q", "-enc", "UTF-8", "-eol", "unix", "-l", std::to_string(pages_max), "-", "-"};
}

std::vector<std::string> pdfinfo_arguments() {
  return {"pdfinfo", "-enc", "UTF-8", "-isodates", "-"};
}

Document load_pdf(std::string_view text, std::string_view info, const LoadLimits& limits) {
  Draft draft(Format::pdf, limits);
  const std::size_t pages_said = read_info(info, draft);
  const std::string unmarked = without_direction_marks(text);
  const auto pages = split(unmarked, '\f');
  const RunningLines running(pages);
  std::vector<int> empty;
  int number = 0;
  for (const auto page : pages) {
    const std::string content = text_of(page, running);
    if (draft.end() > 0 && !content.empty()) draft.add("\n");
    draft.page(++number);
    if (content.empty()) empty.push_back(number);
    if (!draft.add(content)) break;
  }
  if (!empty.empty())
    draft.remark(fmt::format("{} no text, perhaps a picture of it, which is not read: {} of {}.",
                             empty.size() == 1 ? "A page holds" : "Pages hold", ranges_of(empty),
                             pages.size()));
  if (pages_said > pages.size())
    draft.remark(fmt::format("Only the first {} of {} pages were read.", pages.size(), pages_said));
  return std::move(draft).finish();
}

}  // namespace troupe::memory::loaders

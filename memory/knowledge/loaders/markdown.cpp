#include "memory/knowledge/loaders/markdown.h"

#include "memory/knowledge/loaders/draft.h"
#include "memory/knowledge/loaders/front_matter.h"
#include "models/builtin/utf8.h"

#include <algorithm>
#include <optional>
#include <string>

namespace troupe::memory::loaders {

namespace {

using models::builtin::trim;
constexpr auto kNone = std::string_view::npos;
constexpr std::size_t kCodeSpan = 1'000;  // bytes within which the end of `code` is looked for

std::size_t run_of(std::string_view text, char c) {
  return std::min(text.find_first_not_of(c), text.size());
}

/// A line of ``` or ~~~, which begins or ends code.
struct Fence {
  char mark = 0;
  std::size_t length = 0;
  bool bare = false;  ///< nothing behind it: it may end a block
};

std::optional<Fence> fence_in(std::string_view line) {
  line = trim(line);
  const char mark = line.empty() ? '\0' : line[0];
  if (mark != '`' && mark != '~') return std::nullopt;
  const std::size_t length = run_of(line, mark);
  const std::string_view info = line.substr(length);
  if (length < 3 || (mark == '`' && info.find('`') != kNone)) return std::nullopt;
  return Fence{mark, length, info.empty()};
}

/// The text of a heading without marks: "The `x` of [y](url) **z**" is "The x of y z".
std::string plain(std::string_view text) {
  if (const auto anchor = text.rfind("{#"); anchor != kNone && text.ends_with('}'))
    text = trim(text.substr(0, anchor));
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\' && at + 1 < text.size()) {
      out += text[++at];
    } else if (c == ']' && text.substr(at).starts_with("](")) {
      const auto end = text.find(')', at);
      if (end == kNone) return out;
      at = end;
    } else if (c != '`' && c != '*' && c != '[' && c != ']' &&
               !(c == '!' && text.substr(at).starts_with("!["))) {
      out += c;
    }
  }
  return out;
}

std::size_t indent_of(std::string_view line) {
  return line.starts_with('\t') ? 4 : run_of(line, ' ');
}

/// The level and the text of a heading with #; level 0: the line is none.
std::pair<int, std::string_view> atx_heading(std::string_view line) {
  if (indent_of(line) > 3) return {};
  line = trim(line);
  const std::size_t level = run_of(line, '#');
  if (level == 0 || level > 6 || (level < line.size() && line[level] != ' ' && line[level] != '\t'))
    return {};
  std::string_view text = trim(line.substr(level));
  const auto last = text.find_last_not_of('#');
  const std::size_t end = last == kNone ? 0 : last + 1;
  if (end < text.size() && (end == 0 || text[end - 1] == ' ')) text = trim(text.substr(0, end));
  return {static_cast<int>(level), text};
}

/// 1 for a line of =, 2 for one of -, 0 else.
int underline_level(std::string_view line) {
  if (indent_of(line) > 3) return 0;
  line = trim(line);
  if (line.empty() || run_of(line, line[0]) != line.size()) return 0;
  return line[0] == '=' ? 1 : line[0] == '-' ? 2 : 0;
}

/// A line that an underline below it makes a heading: a paragraph, no item, quote, table or code.
bool is_paragraph(std::string_view line) {
  if (indent_of(line) > 3) return false;
  line = trim(line);
  if (line.empty() || std::string_view(">|#<").find(line[0]) != kNone) return false;
  const bool item = line.size() > 1 && std::string_view("-*+").find(line[0]) != kNone && line[1] == ' ';
  return !item && underline_level(line) == 0;
}

/// Reads lines, leaves comments out of them and tells headings.
class MarkdownReader {
 public:
  MarkdownReader(std::string_view text, Draft& draft) : text_(text), draft_(draft) {}

  void read() {
    while (at_ < text_.size() && !draft_.full()) {
      const std::size_t begin = draft_.end();
      const std::string_view raw = text_.substr(at_, std::min(text_.find('\n', at_), text_.size()) - at_);
      if (const auto fence = fence_in(raw)) step_fence(*fence);
      if (in_code_ || fence_in(raw)) {
        at_ = std::min(at_ + raw.size() + 1, text_.size());
        draft_.add(raw.empty() ? "\n" : raw);
        above_.clear();
        continue;
      }
      line_.clear();
      const bool comments = take_line();
      if (comments && trim(line_).empty()) continue;
      heading(begin);
      draft_.add(line_.empty() ? "\n" : line_);
      above_ = is_paragraph(line_) ? line_ : "";
      above_begin_ = begin;
    }
  }

 private:
  void step_fence(const Fence& fence) {
    if (!in_code_)
      in_code_ = fence;
    else if (fence.mark == in_code_->mark && fence.length >= in_code_->length && fence.bare)
      in_code_.reset();
  }

  void heading(std::size_t begin) {
    int level = 0;
    std::string text;
    if (const auto [atx, content] = atx_heading(line_); atx) {
      level = atx;
      text = plain(content);
    } else if (level = underline_level(line_); level && !above_.empty()) {
      text = plain(trim(above_));
      begin = above_begin_;
    } else {
      return;
    }
    draft_.heading(level, text, begin);
    if (level == 1) draft_.title(text);
  }

  /// Puts the next line into line_ and what follows the comments that begin in it; true: there were any.
  bool take_line() {
    bool comments = false;
    while (at_ < text_.size() && text_[at_] != '\n') {
      if (text_[at_] == '`') {
        code_span();
      } else if (!unclosed_ && text_[at_] == '<' && text_.substr(at_).starts_with("<!--")) {
        const auto end = text_.find("-->", at_ + 4);
        unclosed_ = end == kNone;
        if (unclosed_) continue;
        at_ = end + 3;
        comments = true;
      } else {
        const std::size_t end = std::min(text_.find_first_of("`<\n", at_ + 1), text_.size());
        line_.append(text_, at_, end - at_);
        at_ = end;
      }
    }
    at_ = std::min(at_ + 1, text_.size());
    return comments;
  }

  /// Code ends at as many backquotes as it begins with; without them they are characters.
  void code_span() {
    const std::size_t ticks = run_of(text_.substr(at_), '`');
    const std::string_view rest = text_.substr(at_ + ticks, kCodeSpan);
    std::size_t end = rest.find('`');
    while (end != kNone && run_of(rest.substr(end), '`') != ticks) {
      end = rest.find('`', end + run_of(rest.substr(end), '`'));
    }
    std::size_t length = ticks + (end == kNone ? 0 : end + ticks);
    if (text_.substr(at_, length).find('\n') != kNone) length = ticks;
    line_.append(text_, at_, length);
    at_ += length;
  }

  std::string_view text_;
  Draft& draft_;
  std::size_t at_ = 0;
  std::string line_;
  std::string above_;  ///< the line before, when an underline would make it a heading
  std::size_t above_begin_ = 0;
  std::optional<Fence> in_code_;
  bool unclosed_ = false;  ///< a comment that has no end was seen; no later one has
};

}  // namespace

Document load_markdown(std::string_view text, const LoadLimits& limits) {
  Draft draft(Format::markdown, limits);
  text = take_front_matter(text, draft);
  text.remove_prefix(run_of(text, '\n'));
  MarkdownReader(text, draft).read();
  return std::move(draft).finish();
}

bool looks_like_markdown(std::string_view text) {
  Draft draft(Format::markdown, {});
  if (take_front_matter(text, draft).size() < text.size()) return true;
  int headings = 0, other = 0;
  bool after_blank = true;
  bool pending = false;  // a heading, if a blank line follows
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    const bool blank = trim(line).empty();
    headings += pending && blank;
    pending = after_blank && line.starts_with('#') && atx_heading(line).first > 0;
    other += fence_in(line).has_value() || line.find("](") != kNone;
    after_blank = blank;
  }
  headings += pending;
  return headings > 1 || (headings == 1 && other > 0);
}

}  // namespace troupe::memory::loaders

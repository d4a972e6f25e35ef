#include "memory/knowledge/loaders/front_matter.h"

#include "models/builtin/utf8.h"
#include "runtime/base/ascii.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace troupe::memory::loaders {

namespace {

using models::builtin::is_digit;
using models::builtin::is_letter;
using models::builtin::trim;
constexpr auto kNone = std::string_view::npos;
constexpr std::size_t kBlockBytes = 64u << 10;

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string_view unquoted(std::string_view text) {
  text = trim(text);
  const bool quoted = text.size() >= 2 && (text[0] == '"' || text[0] == '\'') && text.back() == text[0];
  return quoted ? text.substr(1, text.size() - 2) : text;
}

/// "[a, 'b']" as "a, b".
std::string joined_list(std::string_view text) {
  text = text.substr(1, text.size() - 2);
  std::string joined;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view item = unquoted(text.substr(0, end));
    if (!joined.empty() && !item.empty()) joined += ", ";
    joined += item;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return joined;
}

Json value_of(std::string_view text) {
  text = trim(text);
  if (text == "true" || text == "false") return text == "true";
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec == std::errc() && read.ptr == text.data() + text.size() && !text.empty()) return number;
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') return joined_list(text);
  return std::string(unquoted(text));
}

/// The settings of one block, line by line.
class Settings {
 public:
  Settings(Draft& draft, char mark) : draft_(draft), mark_(mark) {}

  void line(std::string_view line) {
    const std::string_view content = trim(line);
    if (content.empty() || content.starts_with('#')) return;
    const auto colon = line.find(mark_);
    const bool item = content.starts_with("- ");
    const bool nested = line.starts_with(' ') || line.starts_with('\t');
    if (!item && !nested && colon != kNone && is_key(line.substr(0, colon))) {
      store();
      key_ = lower(trim(line.substr(0, colon)));
      value_ = trim(line.substr(colon + 1));
      folded_ = value_.empty() || value_.starts_with('|') || value_.starts_with('>');
      if (folded_) value_.clear();
    } else if (folded_ && !key_.empty()) {
      if (!value_.empty()) value_ += item ? ", " : " ";
      value_ += unquoted(item ? content.substr(2) : content);
    }
  }

  void store() {
    if (key_.empty()) return;
    const Json value = folded_ ? Json(value_) : value_of(value_);
    if (key_ == "title" && value.is_string())
      draft_.title(value.get_ref<const std::string&>());
    else if (value.is_string())
      draft_.metadata(name_of(key_), value.get_ref<const std::string&>());
    else
      draft_.metadata_value(name_of(key_), value);
    key_.clear();
  }

  static bool is_key(std::string_view text) {
    text = trim(text);
    return !text.empty() && std::ranges::all_of(text, [](char c) {
      return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c < 0;
    });
  }

 private:
  static std::string_view name_of(std::string_view key) {
    return key == "canonical" ? "url" : key == "lang" ? "language" : key;
  }

  Draft& draft_;
  const char mark_;
  std::string key_, value_;
  bool folded_ = false;  ///< the value is on the lines below
};

}  // namespace

std::string_view take_front_matter(std::string_view text, Draft& draft) {
  std::string_view rest = text;
  const std::string_view fence = trim(take_line(rest));
  if (fence != "---" && fence != "+++") return text;
  const char mark = fence == "---" ? ':' : '=';
  // A rule above a text has no setting below it.
  std::string_view first = rest;
  std::string_view line = take_line(first);
  while (trim(line).empty() || trim(line).starts_with('#')) {
    if (first.empty()) return text;
    line = take_line(first);
  }
  const auto colon = line.find(mark);
  if (colon == kNone || !Settings::is_key(line.substr(0, colon))) return text;

  std::string_view block = rest;
  while (!block.empty() && rest.size() - block.size() < kBlockBytes) {
    line = trim(take_line(block));
    if (line != fence && line != "...") continue;
    Settings settings(draft, mark);
    while (rest.size() > block.size()) {
      line = take_line(rest);
      if (rest.size() > block.size()) settings.line(line);
    }
    settings.store();
    return block;
  }
  return text;
}

}  // namespace troupe::memory::loaders

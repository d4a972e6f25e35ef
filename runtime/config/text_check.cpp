#include "runtime/config/text_check.h"

#include "runtime/base/utf8.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::config {

namespace {

constexpr std::size_t kClipBytes = 60;
constexpr std::size_t kEnumerated = 48;

bool continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

bool forbidden_control(char c) {
  auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F;
}

}  // namespace

TextMap::TextMap(std::string_view text) : text_(text) {
  starts_.push_back(0);
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n') starts_.push_back(i + 1);
}

std::string_view TextMap::line(int number) const {
  auto index = static_cast<std::size_t>(std::clamp(number - 1, 0, static_cast<int>(starts_.size()) - 1));
  std::size_t end = index + 1 < starts_.size() ? starts_[index + 1] - 1 : text_.size();
  std::string_view line = text_.substr(starts_[index], end - starts_[index]);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Place TextMap::place(int file, int line_from_0, int byte_column) const {
  int number = std::clamp(line_from_0, 0, static_cast<int>(starts_.size()) - 1) + 1;
  std::string_view before = line(number).substr(0, static_cast<std::size_t>(std::max(byte_column, 0)));
  auto points = std::count_if(before.begin(), before.end(), [](char c) { return !continuation(c); });
  return Place{file, number, static_cast<int>(points) + 1};
}

std::optional<TextMap::Unreadable> TextMap::find_unreadable(int file) const {
  for (std::size_t i = 0, length = 0; i < text_.size(); i += length) {
    length = utf8_character(text_, i);
    if (length != 0 && !forbidden_control(text_[i])) continue;
    auto after = std::upper_bound(starts_.begin(), starts_.end(), i);
    auto line = static_cast<int>(after - starts_.begin()) - 1;
    auto column = static_cast<int>(i - starts_[static_cast<std::size_t>(line)]);
    auto byte = static_cast<unsigned char>(text_[i]);
    std::string what = length == 0 ? fmt::format("byte 0x{:02X} is not UTF-8; save the file as UTF-8", byte)
                                   : fmt::format("control character 0x{:02X}; remove it", byte);
    return Unreadable{place(file, line, column), std::move(what)};
  }
  return std::nullopt;
}

std::string enumerate(std::span<const std::string> names) {
  std::string out;
  std::size_t shown = std::min(names.size(), kEnumerated);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
    out += fmt::format("`{}`", names[i]);
  }
  if (shown < names.size()) out += fmt::format(" and {} more", names.size() - shown);
  return out;
}

std::string clip(std::string_view text) {
  std::size_t length = std::min(text.size(), kClipBytes);
  while (length < text.size() && length > 0 && continuation(text[length])) --length;
  std::string out;
  for (char c : text.substr(0, length)) {
    if (forbidden_control(c) || c == '\n' || c == '\r' || c == '\t')
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return length < text.size() ? out + "…" : out;
}

}  // namespace troupe::config

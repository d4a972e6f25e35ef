#include "tools/builtin/code/kept_output.h"

#include "runtime/base/utf8.h"
#include "tools/observation.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

bool follows(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// Without the rest of a character that was cut in two.
std::string_view from_boundary(std::string_view text) {
  for (int i = 0; i < 3 && !text.empty() && follows(text.front()); ++i) text.remove_prefix(1);
  return text;
}

}  // namespace

void KeptOutput::add(std::string_view bytes) {
  total_ += bytes.size();
  const std::string_view first = bytes.substr(0, most_ - std::min(most_, head_.size()));
  head_ += first;
  bytes.remove_prefix(first.size());
  if (bytes.size() >= most_) {
    tail_ = bytes.substr(bytes.size() - most_);
    return;
  }
  tail_ += bytes;
  if (tail_.size() > 2 * most_) tail_.erase(0, tail_.size() - most_);
}

std::string KeptOutput::text(std::size_t bytes_max) const {
  const std::size_t most = std::min(bytes_max, most_);
  if (total_ <= most) return readable_output(head_);
  const std::string_view begin = beginning(head_, most / 2);
  const std::size_t left = most - most / 2;
  // Where little follows the head, the end that is shown begins within it.
  const std::string joined = tail_.size() < left ? head_ + tail_ : "";
  const std::string_view all = joined.empty() ? std::string_view(tail_) : std::string_view(joined);
  const std::string_view end = from_boundary(all.substr(all.size() - std::min(all.size(), left)));
  return fmt::format("{}\n[… {} bytes of {} left out here …]\n{}", readable_output(begin),
                     total_ - begin.size() - end.size(), total_, readable_output(end));
}

std::string readable_output(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = utf8_character(bytes, at);
    const char first = bytes[at];
    if (first == '\r') {
      if (at + 1 == bytes.size() || bytes[at + 1] != '\n') text += '\n';
    } else if (length == 0 || (length == 1 && first != '\n' && first != '\t' &&
                               (static_cast<unsigned char>(first) < 0x20 || first == 0x7F))) {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(first));
    } else {
      text += bytes.substr(at, length);
    }
    at += std::max<std::size_t>(length, 1);
  }
  return text;
}

}  // namespace troupe::tools

#include "tools/builtin/files/name_shown.h"

#include "runtime/base/utf8.h"
#include "tools/builtin/text/sound_utf8.h"

#include <string_view>

#include <fmt/format.h>

namespace troupe::tools::files {

namespace {

// What a character that could steer who shows it is written as; "" for any other. To JSON those beyond ASCII
// are harmless; U+2028 and U+2029 separate lines and paragraphs.
std::string escape(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  const auto last = static_cast<unsigned char>(character.back());
  if (first == '\n') return "\\n";
  if (first < 0x20 || first == 0x7F || (first == 0xC2 && last < 0xA0)) return fmt::format("\\u{:04x}", last);
  if (character == "\xE2\x80\xA8") return "\\u2028";
  if (character == "\xE2\x80\xA9") return "\\u2029";
  return "";
}

}  // namespace

std::string name_shown(const std::string& path) {
  std::string name = sound_utf8(path);
  std::string quoted = "\"";
  bool plain = !name.starts_with('"');
  for (std::size_t at = 0; at < name.size();) {
    const auto character = std::string_view(name).substr(at, utf8_character(name, at));
    const std::string escaped = escape(character);
    if (!escaped.empty()) plain = false;
    if (character == "\"" || character == "\\") quoted += '\\';
    quoted += escaped.empty() ? character : escaped;
    at += character.size();
  }
  return plain ? name : quoted + '"';
}

}  // namespace troupe::tools::files

#include "tools/builtin/text/sound_utf8.h"

#include "runtime/base/utf8.h"

#include <algorithm>

namespace troupe::tools {

std::string sound_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_character(text, at);
    if (length == 0 || text[at] == '\0')
      out += "\xEF\xBF\xBD";
    else
      out += text.substr(at, length);
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

}  // namespace troupe::tools

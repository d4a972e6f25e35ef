#pragma once

#include <string>
#include <string_view>

namespace troupe::memory::loaders::html {

/// Appends `text` with its character references replaced, as the HTML Standard (13.2.5.72 to 13.2.5.80) says:
/// numbers with the corrections for Windows-1252, the old names also without semicolon. Known are the names
/// of HTML 4 and those of HTML 5 for Latin, Greek, punctuation, arrows, mathematics; others stay as they are.
/// In an attribute an old name before = or a letter or digit is no reference. Linear.
void append_unescaped(std::string& out, std::string_view text, bool in_attribute = false);

inline std::string unescaped_attribute(std::string_view value) {
  std::string out;
  append_unescaped(out, value, true);
  return out;
}

}  // namespace troupe::memory::loaders::html

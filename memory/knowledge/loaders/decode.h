#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::memory::loaders {

/// A file's text as UTF-8, and how it was read.
struct Decoded {
  std::string text;     ///< well-formed UTF-8 without byte order mark; line ends and controls as they were
  std::string charset;  ///< what it was read as, by its name of the WHATWG Encoding Standard: "euc-kr"
  std::size_t replaced = 0;  ///< places that held no character and became U+FFFD
  bool guessed = false;      ///< nothing said the charset, and the bytes are no UTF-8
};

/// Reads `bytes` as text. A byte order mark decides; then UTF-8, when much of the text can be nothing else;
/// then `declared` (a label as HTML and HTTP use them, in any case; empty or unknown: nothing was declared);
/// then UTF-8 that is valid or nearly so; at last what ICU's detector takes for most likely and what leaves
/// the fewest bytes unread. Labels mean what browsers take them for: euc-kr is windows-949 (CP949), shift_jis
/// windows-31j, gb2312 GB18030, latin1 windows-1252. Linear; any thread.
Decoded decode(std::string_view bytes, std::string_view declared);

/// A byte order mark of UTF-16 or UTF-32 is there, or every other byte of much of `head` is zero.
bool looks_like_utf16_or_32(std::string_view head);

}  // namespace troupe::memory::loaders

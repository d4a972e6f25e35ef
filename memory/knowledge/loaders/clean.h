#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::memory::loaders {

/// Appends `text` to `out` as Document::text promises it: invalid bytes as U+FFFD; CR, CR LF, form feeds and
/// NEL as '\n'; other control characters and byte order marks left out; composed (NFC, UAX #15). Runs of more
/// than 30 combining marks are divided by U+034F as UAX #15 (Stream-Safe Text) says, because composing sorts
/// a run in quadratic time. `out` must be empty or end where a line ends, so that nothing composes with what
/// stands there. Returns how many characters were left out. Linear; any thread.
std::size_t append_clean(std::string& out, std::string_view text);

/// A single line of it: white space of any kind is one space, none at the ends, at most `bytes_max` bytes.
std::string clean_line(std::string_view text, std::size_t bytes_max);

}  // namespace troupe::memory::loaders

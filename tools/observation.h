#pragma once

#include <string>
#include <string_view>

namespace troupe::tools {

/// A text cut to a limit, with a last line that says so.
struct Clipped {
  std::string text;
  bool truncated = false;
};

/// At most `bytes_max` bytes of `text`, cut between characters; a cut text ends in a line that tells the
/// reader how much is missing. A limit too small for that line cuts without it.
Clipped clip(std::string text, std::size_t bytes_max);

/// The first `bytes_max` bytes, less if that would cut a character in two.
std::string_view beginning(std::string_view text, std::size_t bytes_max);

}  // namespace troupe::tools

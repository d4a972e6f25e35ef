#pragma once

#include "models/tokens/encoding.h"

#include <cstddef>
#include <memory>
#include <string_view>

namespace troupe::memory::chunkers {

/// Measures texts in one unit. No text has more units than bytes. Remembers how dense the text is, so not for
/// two threads at once.
class Ruler {
 public:
  virtual ~Ruler() = default;
  /// `text` has at most `limit` units. Exact where it says yes; a text that is many times too long is not
  /// read to its end.
  virtual bool fits(std::string_view text, std::size_t limit) = 0;
  /// How many bytes the longest beginning of `text` has that fits, on a character boundary. Where the end of
  /// a text changes how it is counted it is near that, on either side.
  virtual std::size_t head(std::string_view text, std::size_t limit) = 0;
  /// The same of the longest end of `text`.
  virtual std::size_t tail(std::string_view text, std::size_t limit) = 0;
};

/// No token of an encoding that we have is longer.
inline constexpr std::size_t kTokenBytesMax = 128;

std::unique_ptr<Ruler> code_point_ruler();
/// Tokens as models::estimate_tokens() has them.
std::unique_ptr<Ruler> estimate_ruler();
/// `encoding` outlives it.
std::unique_ptr<Ruler> encoding_ruler(const models::tokens::Encoding& encoding);

}  // namespace troupe::memory::chunkers

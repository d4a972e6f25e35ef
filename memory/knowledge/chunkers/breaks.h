#pragma once

#include "memory/knowledge/chunkers/span.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace troupe::memory::chunkers {

/// Where a text may be cut, the strongest first.
enum class Break : std::uint8_t {
  record,      ///< of a table or list of values
  section,     ///< at a heading with a body; the chunk ends there
  block,       ///< Markdown: a paragraph, a table, fenced code or a list, with the headings in front of it
  item,        ///< Markdown: of a list
  part,        ///< as block, inside of an item
  paragraph,   ///< a line of blanks
  line,        ///< the end of one
  sentence,    ///< as sentences() has them
  word,        ///< where a line may be broken without breaking a word
  character,   ///< a grapheme cluster, UAX #29
  code_point,  ///< of a character longer than a chunk may be
};

/// What breaks are found in. `records` and `sections`: where one begins, ascending.
struct Layout {
  std::string_view text;
  std::span<const std::size_t> records;
  std::span<const std::size_t> sections;
};

/// The breaks of one kind in a part of a text, from left to right.
class Breaks {
 public:
  virtual ~Breaks() = default;
  /// The first break after `at`; the end of the part where there is none. `at` is in the part, before its
  /// end, and ascends from call to call.
  virtual std::size_t after(std::size_t at) = 0;
};

/// `layout` outlives it. Throws std::runtime_error where ICU has no data.
std::unique_ptr<Breaks> make_breaks(Break kind, const Layout& layout, Span part);

}  // namespace troupe::memory::chunkers

#pragma once

#include "memory/knowledge/chunkers/ruler.h"
#include "memory/knowledge/chunkers/span.h"

#include <cstddef>
#include <deque>
#include <string_view>
#include <vector>

namespace troupe::memory::chunkers {

/// How long chunks may be, in the units of a ruler.
struct Measure {
  Ruler& ruler;
  std::size_t size;
  std::size_t overlap;
};

/// Packs pieces that follow each other into chunks as full as they may be. A chunk begins with the last
/// pieces of the one before it, as many as have at most `overlap` together and leave room for one that is
/// new.
class Packer {
 public:
  /// Appends to `chunks`. Looks at the text between two pieces, and no further than `end`.
  Packer(std::string_view text, std::size_t end, Measure measure, std::vector<Span>& chunks)
      : text_(text.substr(0, end)), measure_(measure), chunks_(chunks) {}

  /// `piece` fits by itself, has no blanks at its ends, and comes after those before it.
  void add(Span piece);
  /// What was added is packed; the next piece begins anew, without overlap.
  void finish();

 private:
  std::size_t reach();
  void emit();
  std::size_t overlap_begin(std::size_t last);
  bool fits(std::size_t begin, std::size_t end, std::size_t limit) {
    return measure_.ruler.fits(Span{begin, end}.of(text_), limit);
  }

  std::string_view text_;
  Measure measure_;
  std::vector<Span>& chunks_;
  std::deque<Span> pieces_;
  std::size_t new_ = 0;    // the first of them that is in no chunk
  std::size_t reach_ = 0;  // about where a chunk from the first piece on must end; 0: not looked at yet
};

}  // namespace troupe::memory::chunkers

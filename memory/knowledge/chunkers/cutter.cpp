#include "memory/knowledge/chunkers/cutter.h"

#include <algorithm>

namespace troupe::memory::chunkers {

void Cutter::cut(Span part, std::size_t depth) {
  const Break kind = kinds_[depth];
  const Span whole = part;
  const auto breaks = make_breaks(kind, layout_, part);
  Packer packer(layout_.text, part.end, measure_, chunks_);
  std::size_t previous = part.begin;
  while (chunks_.size() <= chunks_max_) {
    part.begin = skip_blanks(layout_.text, part);
    if (part.begin == part.end) break;
    const std::size_t end = breaks->after(part.begin);
    const Span piece = trimmed(layout_.text, {part.begin, end});
    part.begin = end;
    if (piece.size() == 0) continue;
    // Sections divide records as well: no chunk goes on behind a heading.
    if (kind == Break::record && section_begins(previous, piece.begin)) packer.finish();
    previous = piece.begin;
    const bool divided = kind == Break::record && section_begins(piece.begin, piece.end - 1);
    // What came here because it is too long is not measured again at each break that it does not have.
    const bool known_too_long = depth > 0 && piece == whole;
    if (!divided && !known_too_long && fits(piece)) {
      packer.add(piece);
      if (kind == Break::section) packer.finish();
      continue;
    }
    packer.finish();
    if (depth + 1 < kinds_.size()) cut(piece, depth + 1);
  }
  packer.finish();
}

bool Cutter::fits(Span piece) {
  return piece.size() <= measure_.size || measure_.ruler.fits(piece.of(layout_.text), measure_.size);
}

/// Behind `from`, up to `to`.
bool Cutter::section_begins(std::size_t from, std::size_t to) const {
  const auto next = std::ranges::upper_bound(layout_.sections, from);
  return next != layout_.sections.end() && *next <= to;
}

}  // namespace troupe::memory::chunkers

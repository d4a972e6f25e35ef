#pragma once

#include "memory/knowledge/chunkers/breaks.h"
#include "memory/knowledge/chunkers/packer.h"

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace troupe::memory::chunkers {

/// Cuts a text at the strongest breaks that leave pieces which fit, and packs those of one break that follow
/// each other. A piece that does not fit is cut at the next weaker break, by itself.
class Cutter {
 public:
  /// `kinds`: from the strongest to the weakest; the first is Break::record. All outlive it.
  Cutter(const Layout& layout, std::span<const Break> kinds, Measure measure, std::size_t chunks_max)
      : layout_(layout), kinds_(kinds), measure_(measure), chunks_max_(chunks_max) {}

  /// The whole text, once. Stops where there are more than `chunks_max` chunks. Throws std::runtime_error
  /// where ICU has no data.
  void cut() { cut({0, layout_.text.size()}, 0); }

  std::vector<Span> take() { return std::move(chunks_); }

 private:
  void cut(Span part, std::size_t depth);
  bool fits(Span piece);
  bool section_begins(std::size_t from, std::size_t to) const;

  const Layout& layout_;
  std::span<const Break> kinds_;
  Measure measure_;
  std::size_t chunks_max_;
  std::vector<Span> chunks_;
};

}  // namespace troupe::memory::chunkers

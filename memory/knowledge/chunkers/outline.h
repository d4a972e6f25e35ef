#pragma once

#include "memory/knowledge/chunkers/span.h"
#include "memory/knowledge/document.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory::chunkers {

inline constexpr std::size_t kHeadingBytes = 300;  // of one heading, as a chunk tells it
inline constexpr std::size_t kHeadingsDeep = 10;   // of a path; the outermost beyond are left out

/// Where the sections of a text begin. Headings with nothing between them are one beginning: a heading
/// without a text of its own belongs to what follows.
std::vector<std::size_t> sections(std::string_view text, std::span<const Document::Heading> headings);

/// Under which headings chunks stand. Asked for chunks in their order.
class Outline {
 public:
  /// Both outlive it.
  Outline(std::string_view text, std::span<const Document::Heading> headings)
      : text_(text), headings_(headings) {}

  /// The headings over the beginning of `chunk`, with " > " between them. Of headings with nothing between
  /// them all count that are in the chunk.
  const std::string& path(Span chunk);

 private:
  std::string_view text_;
  std::span<const Document::Heading> headings_;
  std::size_t next_ = 0;
  std::vector<const Document::Heading*> over_;
  std::string path_;
};

}  // namespace troupe::memory::chunkers

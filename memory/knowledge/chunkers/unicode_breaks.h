#pragma once

#include "memory/knowledge/chunkers/breaks.h"

namespace troupe::memory::chunkers {

/// Sentences, words or characters. A long part is read in slices, so that it is never in memory as UTF-16 as
/// a whole. Throws std::runtime_error where ICU has no data.
std::unique_ptr<Breaks> unicode_breaks(Break kind, std::string_view text, Span part);

}  // namespace troupe::memory::chunkers

#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::memory {

/// The sentences of a text: bytes [first, second), ascending, without blanks at their ends; every character
/// that is no blank is in one. Breaks are those of UAX #29 by ICU, so of any language, but a sentence goes on
///   after an abbreviation ("Dr. Kim", "e.g. This", "No. 5") and an initial ("J. Kim"; so after "Plan B.
///   Then" as well), after what has no letters, such as the number of a step ("1. Open it."), at the end of a
///   line that looks wrapped: the next one begins with a small letter, or the line is as long as wrapped
///   lines are and no list, heading or table begins after it.
/// A line of blanks always ends one. Any thread; linear. Bytes that are no UTF-8 count as characters without
/// meaning. Throws std::runtime_error where ICU has no data.
std::vector<std::pair<std::size_t, std::size_t>> sentences(std::string_view utf8);

}  // namespace troupe::memory

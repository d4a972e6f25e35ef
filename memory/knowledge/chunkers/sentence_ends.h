#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace troupe::memory::chunkers {

/// Appends where the sentences of `slice` end, by the rules of sentences(); the last is its end. A slice of
/// none has none.
void find_sentence_ends(std::string_view slice, std::vector<std::size_t>& ends);

}  // namespace troupe::memory::chunkers

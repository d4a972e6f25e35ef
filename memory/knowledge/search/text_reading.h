#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::memory {

/// How texts are taken apart where sentences and words are compared. Called on
/// the loop thread and on workers, several at once.
struct TextReading {
  /// The sentences of a text as byte ranges, ascending, without blanks at their ends.
  std::function<std::vector<std::pair<std::size_t, std::size_t>>(std::string_view)> sentences;
  /// The terms of a text, separated by blanks, so that forms of a word meet.
  std::function<std::string(std::string_view)> terms;
};

}  // namespace troupe::memory

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::tools {

/// What a program writes to one of its streams: all of it counted, its beginning and its end kept. Any
/// thread, one at a time.
class KeptOutput {
 public:
  /// `most`: bytes kept of each.
  explicit KeptOutput(std::size_t most) : most_(most) {}

  void add(std::string_view bytes);
  std::uint64_t total() const { return total_; }

  /// At most `bytes_max` (of `most`) of it as text: where it is longer, the two halves with a line between
  /// them that says how much is missing. What is no UTF-8 and control characters but tab and line break are
  /// written as Python writes them (`\x1b`), carriage returns as line breaks; that comes on top.
  std::string text(std::size_t bytes_max) const;

 private:
  std::size_t most_;
  std::uint64_t total_ = 0;
  std::string head_;
  std::string tail_;  // of what came after head_, at least the last `most_` bytes where there are so many
};

/// Bytes as readable text, as KeptOutput::text() has them.
std::string readable_output(std::string_view bytes);

}  // namespace troupe::tools

#pragma once

#include "runtime/sandbox/byte_channel.h"

#include <functional>
#include <string>

namespace troupe::sandbox {

inline constexpr std::size_t kErrorTailBytes = 4u << 10;  // kept
inline constexpr std::size_t kErrorFloodBytes = 4u
                                                << 20;  // of one call, read and forgotten; then it is a flood

/// What a child writes to its standard error: read as it comes so that the child does not wait, the end of it
/// kept for an error message. Loop thread only.
class ErrorOutput {
 public:
  ErrorOutput(Loop& loop, Descriptor pipe) : channel_(loop, std::move(pipe)) {}

  /// Reads to the end. Calls `flooded` once when more than kErrorFloodBytes came since the last forgive().
  Task<> follow(std::function<void()> flooded);
  void cancel() { channel_.cancel(); }
  /// A new call begins: what was said before is forgotten.
  void forgive();

  bool flooded() const { return seen_ > kErrorFloodBytes; }
  /// For messages: ": " and what it said last, "" when it said nothing.
  std::string last_words() const;

 private:
  ByteChannel channel_;
  std::string tail_;
  std::size_t seen_ = 0;
};

}  // namespace troupe::sandbox

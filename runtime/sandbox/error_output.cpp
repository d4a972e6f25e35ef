#include "runtime/sandbox/error_output.h"

#include "runtime/sandbox/ending.h"

#include <array>

namespace troupe::sandbox {

Task<> ErrorOutput::follow(std::function<void()> flooded_now) {
  std::array<char, kErrorTailBytes> bytes;
  while (const std::size_t n = co_await channel_.read_some(bytes)) {
    tail_.append(bytes.data(), n);
    if (tail_.size() > kErrorTailBytes) tail_.erase(0, tail_.size() - kErrorTailBytes);
    const bool before = flooded();
    seen_ += n;
    if (!before && flooded()) flooded_now();
  }
}

void ErrorOutput::forgive() {
  tail_.clear();
  seen_ = 0;
}

std::string ErrorOutput::last_words() const {
  std::string words = readable_tail(tail_);
  return words.empty() ? "" : ": " + words;
}

}  // namespace troupe::sandbox

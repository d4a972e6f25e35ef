#include "tests/simulation/conversation.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::simulation {

void Conversation::on_frame(const Frame& frame) {
  if (frame.is_volatile()) return;
  if (frame.seq == last() + 1) {
    seen.push_back(frame);
  } else if (frame.seq > last()) {
    wrong.push_back(fmt::format("{}: after {} came {}", session, last(), frame.seq));
  } else if (*seen[static_cast<std::size_t>(frame.seq) - 1].text != *frame.text) {
    wrong.push_back(fmt::format("{}: {} came again as {}", session, frame.seq, *frame.text));
  }
}

bool Conversation::finished(const std::string& run) const {
  return std::ranges::any_of(
      seen, [&](const Frame& frame) { return frame.type == "run.finished" && frame.run == run; });
}

bool Conversation::over() const {
  return std::ranges::all_of(
      messages, [&](const Message& message) { return message.acknowledged() && finished(message.run); });
}

}  // namespace troupe::simulation

#include "memory/conversation/ruler.h"

#include "models/token_counter.h"

namespace troupe::memory {

Ruler estimated_tokens() {
  return
      [counter = models::TokenCounter()](const models::Message& message) { return counter.message(message); };
}

Ruler bytes() {
  return [](const models::Message& message) {
    std::size_t size = message.content.size();
    for (const models::ToolCall& call : message.tool_calls) size += call.name.size() + call.arguments.size();
    return static_cast<std::int64_t>(size);
  };
}

std::int64_t size_of(std::span<const models::Message> messages, const Ruler& ruler) {
  std::int64_t size = 0;
  for (const models::Message& message : messages) size += ruler(message);
  return size;
}

}  // namespace troupe::memory

#pragma once

#include "models/message.h"

#include <cstddef>

namespace troupe::models {

/// About how many bytes a reply takes in memory.
inline std::size_t reply_size(const ModelReply& reply) {
  std::size_t bytes =
      sizeof(ModelReply) + reply.text.size() + reply.reasoning.size() + reply.provider_state.size();
  for (const ToolCall& call : reply.tool_calls)
    bytes += sizeof(ToolCall) + call.id.size() + call.name.size() + call.arguments.size();
  return bytes;
}

}  // namespace troupe::models

#pragma once

#include "models/providers/reply_reader.h"

#include <string_view>
#include <vector>

namespace troupe::models {

/// Reads the answer to one POST /api/chat of Ollama: JSON objects, one a line, the last of which is `done`;
/// without streaming, one object. Text and thinking, calls with their arguments as objects, and the counts of
/// the last line. An error may come as a line of its own at any time.
class OllamaReply final : public ReplyReader {
 public:
  explicit OllamaReply(std::size_t bytes_max = limits::kModelReplyBytes)
      : ReplyReader(bytes_max, Framing::lines) {}

 private:
  Result<> event(std::string_view type, std::string_view data, std::vector<ReplyDelta>& deltas) override;
  Result<> document(const Json& body, std::vector<ReplyDelta>& deltas) override;
  void complete_reply(ModelReply& reply) override;

  Result<> line(const Json& line, std::vector<ReplyDelta>& deltas);
  void calls(const Json& calls);

  std::vector<ToolCall> calls_;
  bool any_ = false;
};

}  // namespace troupe::models

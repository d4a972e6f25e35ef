#pragma once

#include "models/providers/openai_chunk.h"
#include "models/providers/reply_reader.h"
#include "models/providers/tool_call_assembly.h"

#include <string_view>
#include <vector>

namespace troupe::models {

/// Reads the answer to one POST /chat/completions.
///
/// Tolerated, because servers do it: chunks without choices, usage on every chunk or on none, text as parts
/// or null, reasoning under either name or as parts, a refusal, keep-alive comments, no [DONE], a finish of
/// "stop" with calls.
class OpenAiReply final : public ReplyReader {
 public:
  using ReplyReader::ReplyReader;

 private:
  Result<> event(std::string_view type, std::string_view data, std::vector<ReplyDelta>& deltas) override;
  Result<> document(const Json& body, std::vector<ReplyDelta>& deltas) override;
  void complete_reply(ModelReply& reply) override;

  Result<> chunk(const Json& chunk, std::vector<ReplyDelta>& deltas);
  void choice(const Json& choice, std::vector<ReplyDelta>& deltas);
  void content(const Json& content, std::vector<ReplyDelta>& deltas);
  void usage(const Json& usage);
  void finished_by(std::string_view reason);

  TextChunkReader chunks_;
  ToolCallAssembly calls_;
  bool refused_ = false;
};

}  // namespace troupe::models

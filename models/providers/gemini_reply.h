#pragma once

#include "models/providers/gemini_state.h"
#include "models/providers/reply_reader.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// Reads the answer to one generateContent or streamGenerateContent of Gemini's API, as events, as one object
/// or as a list of them: text and thoughts, calls, and for Message::provider_state the thought signatures.
///
/// Errors beyond ReplyReader's: model for a prompt that was blocked and for a reply that was withheld whole;
/// both name the reason. Ignored: parts of other kinds (code that ran at the provider, pictures), further
/// candidates.
class GeminiReply final : public ReplyReader {
 public:
  using ReplyReader::ReplyReader;

 private:
  Result<> event(std::string_view type, std::string_view data, std::vector<ReplyDelta>& deltas) override;
  Result<> document(const Json& body, std::vector<ReplyDelta>& deltas) override;
  void complete_reply(ModelReply& reply) override;

  Result<> chunk(const Json& response, std::vector<ReplyDelta>& deltas);
  Result<> stopped_by(const Json& candidate);
  void part(const Json& part, std::vector<ReplyDelta>& deltas);
  void call(const Json& function, std::string signature);
  void usage(const Json& usage);

  std::vector<ToolCall> calls_;
  GeminiState state_;
  bool any_candidate_ = false;
};

}  // namespace troupe::models

#pragma once

#include "models/message.h"
#include "models/per_tools.h"
#include "models/settings.h"

#include <memory>
#include <string>

namespace troupe::models {

/// Writes the bodies of POST /chat/completions. Sans I/O; loop thread only.
///
/// A body is put together from pieces that are rendered once: the fixed part once per model, the tools once
/// per vector of tools, each message once per conversation (kept in Transcript::rendering). The messages
/// stand last, so a later body of the same conversation is an earlier one with more at its end: what a
/// provider's prompt cache and ours need.
class OpenAiCodec {
 public:
  explicit OpenAiCodec(const ModelSettings& settings);

  std::string request_body(const ModelRequest& request);

  /// The estimated tokens of a request, for servers that do not count.
  static std::int64_t estimate_input(const ModelRequest& request);

 private:
  const std::string& rendered_messages(const Transcript& transcript) const;

  bool reasoning_model_;  // of the o-series and gpt-5: other parameter names, no stop sequences
  std::string head_;
  PerTools<std::string> tools_;
};

/// Whether OpenAI takes max_completion_tokens and no `stop` for it: o1, o3, o4 and gpt-5, also behind a
/// router's prefix ("openai/o3-mini").
bool is_reasoning_model(std::string_view model);

}  // namespace troupe::models

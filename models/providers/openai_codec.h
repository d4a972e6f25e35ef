#pragma once

#include "models/per_tools.h"
#include "models/providers/codec.h"
#include "models/providers/request_params.h"
#include "models/settings.h"

#include <memory>
#include <string>

namespace troupe::models {

/// POST /chat/completions, of OpenAI and of every server with its API.
class OpenAiCodec : public Codec {
 public:
  explicit OpenAiCodec(const ModelSettings& settings);

  std::string request_body(const ModelRequest& request) override;
  std::unique_ptr<ReplyReader> reply() const override;

 private:
  const std::string& rendered_messages(const Transcript& transcript) const;

  bool reasoning_model_;  // of the o-series and gpt-5: other parameter names, no stop sequences
  RequestParams params_;
  PerTools<std::string> tools_;
};

/// Whether OpenAI takes max_completion_tokens and no `stop` for it: o1, o3, o4 and gpt-5, also behind a
/// router's prefix ("openai/o3-mini").
bool is_reasoning_model(std::string_view model);

}  // namespace troupe::models

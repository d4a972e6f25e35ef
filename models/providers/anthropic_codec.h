#pragma once

#include "models/per_tools.h"
#include "models/providers/codec.h"
#include "models/providers/request_params.h"
#include "models/settings.h"

#include <memory>
#include <string>
#include <string_view>

namespace troupe::models {

/// The version of Anthropic's API this codec was made for, and the one from which sampling is not a
/// parameter any more.
inline constexpr std::string_view kAnthropicVersion = "2023-06-01";
inline constexpr std::string_view kAnthropicWithoutSampling = "2026-10-21";

/// POST /v1/messages of Anthropic's API.
///
/// System messages at the beginning become `system`, later ones go to the user's turn; turns of one role in a
/// row become one, as results of parallel calls must; thinking blocks are sent back as they came. Two places
/// are marked for the provider's prompt cache: the end of `system`, which stands for the tools too, and the
/// end of the conversation, from where the next request goes on.
/// A reply is held to no schema: a change of it would make the provider forget its prompt cache.
class AnthropicCodec final : public Codec {
 public:
  explicit AnthropicCodec(const ModelSettings& settings);

  std::string request_body(const ModelRequest& request) override;
  std::unique_ptr<ReplyReader> reply() const override;
  Error refusal(const net::HttpHead& head, std::string_view body) const override;

 private:
  RequestParams params_;
  PerTools<std::string> tools_;
};

}  // namespace troupe::models

#pragma once

#include "models/per_tools.h"
#include "models/providers/codec.h"
#include "models/settings.h"

#include <memory>
#include <string>
#include <string_view>

namespace troupe::models {

/// The error for an answer of Gemini's API with a status that is none of success: `retry_after` as its
/// RetryInfo says, not retryable when a limit of the day is reached.
Error gemini_refusal(const net::HttpHead& head, std::string_view body);

/// generateContent and streamGenerateContent of Gemini's API; the model is part of the address.
///
/// System messages at the beginning become `systemInstruction`, later ones go to the user's turn; turns of
/// one role in a row become one, as answers to parallel calls must; thought signatures go back on the parts
/// that they came with.
class GeminiCodec final : public Codec {
 public:
  explicit GeminiCodec(const ModelSettings& settings);

  std::string request_body(const ModelRequest& request) override;
  bool holds_schema(const ModelRequest& request) const override;
  std::unique_ptr<ReplyReader> reply() const override;
  Error refusal(const net::HttpHead& head, std::string_view body) const override;

  /// What stands behind the base URL, without the query.
  static std::string path(const ModelSettings& settings);

 private:
  std::string generation_config(const ModelRequest& request) const;
  bool takes(std::string_view name) const;

  std::vector<std::string> dropped_;
  std::string head_;         // not closed
  Json config_;              // generationConfig, without what a request brings
  std::string config_text_;  // "" = none
  bool own_tools_;           // the entry sets `tools` itself
  PerTools<std::string> tools_;
};

}  // namespace troupe::models

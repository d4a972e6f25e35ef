#pragma once

#include "models/per_tools.h"
#include "models/providers/codec.h"
#include "models/providers/request_params.h"
#include "models/settings.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// The error for an answer of Ollama with a status that is none of success: for a model that it does not
/// have, how to fetch it.
Error ollama_refusal(const net::HttpHead& head, std::string_view body, std::string_view model);

/// POST /api/chat of Ollama. Where the entry says how much the model reads (`context`), Ollama is told so:
/// without it, it reads far less than the model could, and cuts what is beyond without a word.
class OllamaCodec final : public Codec {
 public:
  explicit OllamaCodec(const ModelSettings& settings);

  std::string request_body(const ModelRequest& request) override;
  bool holds_schema(const ModelRequest& request) const override;
  /// Pictures go as data: Ollama fetches nothing.
  Result<> accepts(const ModelRequest& request) const override;
  std::unique_ptr<ReplyReader> reply() const override;
  Error refusal(const net::HttpHead& head, std::string_view body) const override;

 private:
  const std::string& rendered(const Transcript& transcript) const;
  std::string options(const ModelRequest& request) const;

  std::string model_;
  RequestParams params_;
  Json options_;
  std::string options_text_;  // "" = none
  PerTools<std::string> tools_;
};

}  // namespace troupe::models

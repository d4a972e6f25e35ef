#pragma once

#include "models/model.h"
#include "models/providers/openai_codec.h"
#include "models/settings.h"
#include "runtime/base/clock.h"
#include "runtime/base/secret.h"
#include "runtime/net/http_client.h"

#include <string>

namespace troupe::models {

/// A model behind OpenAI's chat completions API: OpenAI's own or any compatible server's (vLLM, llama.cpp,
/// Groq, LM Studio, Azure, OpenRouter, Ollama's /v1 …), by `base_url`. One attempt a call; retrying.h repeats
/// them.
class OpenAi final : public Model {
 public:
  /// `http` outlives the model.
  OpenAi(ModelSettings settings, net::HttpClient& http);

  /// Errors: as Model says. Their messages name this entry, its model and address and what the server said,
  /// and hold no key. Whether to try again, and when, is in `retryable` and `retry_after`.
  Task<Result<ModelReply>> complete(ModelRequest request, TokenSink& sink, CallContext& context) override;
  const std::string& name() const override { return settings_.name; }

 private:
  net::HttpRequest http_request(const ModelRequest& request, const CallContext& context);
  Error transport_error(Error error) const;
  Error status_error(const net::HttpHead& head, std::string_view body, const Clock& clock) const;
  std::unexpected<Error> named(Error error) const;

  ModelSettings settings_;
  net::HttpClient& http_;
  OpenAiCodec codec_;
  std::string url_;
  std::string title_;  ///< "model main (gpt-4o-mini at https://…)", for errors
  Secrets secrets_;
};

}  // namespace troupe::models

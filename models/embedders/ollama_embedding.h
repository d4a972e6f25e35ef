#pragma once

#include "models/embedders/embedding_codec.h"
#include "models/embedders/settings.h"
#include "models/providers/request_params.h"

#include <string>

namespace troupe::models {

/// POST /api/embed of Ollama. It is told not to cut texts that are too long, unless the entry wants it.
class OllamaEmbedding final : public EmbeddingCodec {
 public:
  explicit OllamaEmbedding(const EmbedderSettings& settings);

  std::string request_body(std::span<const std::string> texts) const override;
  Result<Vectors> read(std::string_view body) const override;
  Error refusal(const net::HttpHead& head, std::string_view body) const override;

 private:
  std::string model_;
  RequestParams params_;
};

}  // namespace troupe::models

#pragma once

#include "models/embedders/embedding_codec.h"
#include "models/embedders/openai_embedding.h"
#include "models/embedders/settings.h"
#include "models/providers/request_params.h"

#include <string>

namespace troupe::models {

/// POST /embed of Text Embeddings Inference, and feature extraction on Hugging Face's router:
/// {"inputs": […]} → [[…], …].
class HuggingFaceEmbedding final : public EmbeddingCodec {
 public:
  /// `told`: whether the server is told not to cut texts that are too long, as TEI can be.
  HuggingFaceEmbedding(const EmbedderSettings& settings, bool told);

  std::string request_body(std::span<const std::string> texts) const override;
  Result<Vectors> read(std::string_view body) const override;
  Error refusal(const net::HttpHead& head, std::string_view body) const override;

 private:
  RequestParams params_;
};

/// Where texts go, and in which format.
struct HuggingFaceRoute {
  enum class Format { router, tei, openai };
  Format format;
  std::string url;
};
/// Without a base_url the router; one that ends in /v1 or /embeddings speaks OpenAI's format; one that names
/// a model or a pipeline is taken as it is; all others are TEI's, which answer at /embed.
HuggingFaceRoute huggingface_route(const EmbedderSettings& settings);

}  // namespace troupe::models

#pragma once

#include "models/embedders/embedding_codec.h"
#include "models/embedders/settings.h"
#include "models/providers/request_params.h"

namespace troupe::models {

/// POST /embeddings of OpenAI and of every server with its API. Vectors are asked for as base64, which is a
/// third of their length as text, and read in either form; rows are ordered by `index`.
class OpenAiEmbedding : public EmbeddingCodec {
 public:
  explicit OpenAiEmbedding(const EmbedderSettings& settings);

  std::string request_body(std::span<const std::string> texts) const override;
  Result<Vectors> read(std::string_view body) const override;

 private:
  RequestParams params_;
};

/// The body of a request: its parameters, and the texts as an array under `key`.
std::string body_with(const RequestParams& params, std::string_view key, std::span<const std::string> texts);

}  // namespace troupe::models

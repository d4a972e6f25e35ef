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

/// `texts` as an array of JSON strings.
void append_texts(std::string& out, std::span<const std::string> texts);

}  // namespace troupe::models

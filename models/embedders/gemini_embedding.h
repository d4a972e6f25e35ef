#pragma once

#include "models/embedders/embedding_codec.h"
#include "models/embedders/settings.h"

#include <string>

namespace troupe::models {

/// batchEmbedContents of Gemini's API; the model is part of the address and of each text's request.
class GeminiEmbedding final : public EmbeddingCodec {
 public:
  explicit GeminiEmbedding(const EmbedderSettings& settings);

  std::string request_body(std::span<const std::string> texts) const override;
  Result<Vectors> read(std::string_view body) const override;
  Error refusal(const net::HttpHead& head, std::string_view body) const override;

  /// What stands behind the base URL.
  static std::string path(const EmbedderSettings& settings);

 private:
  std::string before_;  // what stands before and behind the text in the request of one
  std::string behind_;
};

}  // namespace troupe::models

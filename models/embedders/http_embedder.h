#pragma once

#include "models/embedder.h"
#include "models/embedders/catalog.h"
#include "models/embedders/embedding_codec.h"
#include "models/embedders/settings.h"
#include "models/providers/http_entry.h"

#include <memory>
#include <string>
#include <vector>

namespace troupe::models {

/// An embedder behind an HTTP API: a codec, an address and a client. One request a call.
class HttpEmbedder final : public Embedder {
 public:
  HttpEmbedder(EmbedderSettings settings, Endpoint endpoint, std::shared_ptr<const EmbeddingCodec> codec,
               EmbedderLimits limits, const EmbedderServices& services);

  /// Errors: as Embedder says. Their messages name this entry, its model and address and what the server
  /// said, and hold no key. Whether to try again, and when, is in `retryable` and `retry_after`.
  Task<Result<Vectors>> embed(std::vector<std::string> texts, CallContext& context) override;
  const std::string& name() const override { return settings_.name; }
  std::size_t dimensions() const override { return static_cast<std::size_t>(settings_.dimensions); }
  EmbedderLimits limits() const override { return limits_; }

 private:
  Task<Result<Vectors>> read(std::string body);
  Error refusal(const net::HttpResponse& response) const;

  EmbedderSettings settings_;
  EmbedderLimits limits_;
  net::HttpClient& http_;
  Loop& loop_;
  Workers& workers_;
  std::shared_ptr<const EmbeddingCodec> codec_;
  HttpEntry entry_;
};

/// The limits of an entry: its `batch`, or what suits the provider.
EmbedderLimits limits_of(const EmbedderSettings& settings, EmbedderLimits provider);

/// The header that most providers want: {"authorization", "Bearer …"}, or none without a key.
net::Headers bearer(const EmbedderSettings& settings);

}  // namespace troupe::models

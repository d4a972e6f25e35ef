#include "models/embedders/http_embedder.h"

#include "models/embedders/batching.h"
#include "models/limits.h"
#include "models/token_estimate.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::models {

HttpEmbedder::HttpEmbedder(EmbedderSettings settings, Endpoint endpoint,
                           std::shared_ptr<const EmbeddingCodec> codec, EmbedderLimits limits,
                           const EmbedderServices& services)
    : settings_(std::move(settings)),
      limits_(limits),
      http_(services.http),
      loop_(services.loop),
      workers_(services.workers),
      codec_(std::move(codec)),
      entry_({.noun = "embedder",
              .name = settings_.name,
              .model = settings_.model,
              .api_key = settings_.api_key,
              .extra_headers = settings_.extra_headers,
              .timeout = settings_.timeout},
             std::move(endpoint), "application/json") {}

// A model's words about a conversation that is too long are not for those who send texts.
Error HttpEmbedder::refusal(const net::HttpResponse& response) const {
  Error error = codec_->refusal(response, response.body);
  const std::string said = ProviderComplaint::read_text(response.body).message;
  if (error.code == ErrorCode::too_large)
    error.message = fmt::format(
        "HTTP {}: {}. A text is longer than the model reads, or too much goes out at once: cut texts "
        "smaller, "
        "or set a smaller `batch` in this entry",
        response.status, said);
  else if (said.find("batch size") != std::string::npos)
    error.message += ". Set a smaller `batch` in this entry";
  return error;
}

Task<Result<Vectors>> HttpEmbedder::read(std::string body) {
  if (body.size() <= limits::kDecodeOnLoopBytes) co_return codec_->read(body);
  co_return co_await offload(loop_, workers_,
                             [codec = codec_, body = std::move(body)] { return codec->read(body); });
}

Task<Result<Vectors>> HttpEmbedder::embed(std::vector<std::string> texts, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped(entry_.title(), context.stop.reason()));
  net::HttpRequest request = entry_.post(codec_->request_body(texts), limits::kEmbeddingBytes, context);
  Result<net::HttpResponse> response = co_await http_.fetch(std::move(request), context.stop);
  if (!response) co_return entry_.unanswered(std::move(response.error()), limits::kEmbeddingBytes);
  if (response->status < 200 || response->status >= 300)
    co_return entry_.refused(refusal(*response), *response, context.loop.clock());
  Result<Vectors> vectors = co_await read(std::move(response->body));
  if (!vectors) co_return entry_.named(std::move(vectors.error()));
  if (auto good = check_vectors(*vectors, texts.size(), dimensions()); !good)
    co_return entry_.named(std::move(good.error()));
  if (vectors->usage.estimated)
    for (const std::string& text : texts) vectors->usage.input_tokens += estimate_tokens(text);
  co_return vectors;
}

EmbedderLimits limits_of(const EmbedderSettings& settings, EmbedderLimits provider) {
  if (settings.batch > 0) provider.texts = static_cast<std::size_t>(settings.batch);
  provider.texts = std::min(provider.texts, limits::kEmbeddingBatch);
  return provider;
}

net::Headers bearer(const EmbedderSettings& settings) {
  if (settings.api_key.empty()) return {};
  return {{"authorization", "Bearer " + settings.api_key}};
}

}  // namespace troupe::models

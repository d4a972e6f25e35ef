#include "models/embedders/huggingface_embedding.h"

#include "models/embedders/embedder_provider.h"
#include "models/embedders/http_embedder.h"
#include "models/embedders/vector_rows.h"
#include "models/endpoint.h"
#include "models/providers/huggingface_refusal.h"

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr std::string_view kRouterUrl = "https://router.huggingface.co/hf-inference/models/";
// TEI takes 32 texts at once unless it was started with more.
constexpr EmbedderLimits kLimits{.texts = 32, .text_tokens = 0, .call_tokens = 0};

std::string head(const EmbedderSettings& settings, bool told) {
  std::string head = "{";
  if (told || settings.truncate) append_field(head, "truncate", settings.truncate ? "true" : "false");
  if (settings.dimensions > 0) append_field(head, "dimensions", fmt::format("{}", settings.dimensions));
  return head;
}

/// OpenAI's format as Hugging Face's servers speak it.
class HuggingFaceOpenAi final : public OpenAiEmbedding {
 public:
  using OpenAiEmbedding::OpenAiEmbedding;
  Error refusal(const net::HttpHead& head, std::string_view body) const override {
    return huggingface_refusal(head, body);
  }
};

std::shared_ptr<const EmbeddingCodec> codec_for(HuggingFaceRoute::Format format,
                                                const EmbedderSettings& settings) {
  if (format == HuggingFaceRoute::Format::openai) return std::make_shared<HuggingFaceOpenAi>(settings);
  return std::make_shared<HuggingFaceEmbedding>(settings, format == HuggingFaceRoute::Format::tei);
}

}  // namespace

HuggingFaceEmbedding::HuggingFaceEmbedding(const EmbedderSettings& settings, bool told)
    : params_(head(settings, told), settings.drop_params, settings.extra_body) {}

std::string HuggingFaceEmbedding::request_body(std::span<const std::string> texts) const {
  return body_with(params_, "inputs", texts);
}

Result<Vectors> HuggingFaceEmbedding::read(std::string_view body) const {
  auto answer = read_answer(body);
  if (!answer) return fail(std::move(answer.error()));
  if (!answer->is_array())
    return fail(ErrorCode::protocol,
                fmt::format("the answer is no list of vectors: {}", dump(*answer).substr(0, 120)));
  const bool single = !answer->empty() && answer->front().is_number();  // one text may come as it is
  VectorRows rows(single ? 1 : answer->size());
  for (std::size_t i = 0; i < (single ? 1 : answer->size()); ++i)
    if (auto put = rows.put(i, single ? *answer : (*answer)[i]); !put) return fail(std::move(put.error()));
  auto vectors = rows.take();
  if (vectors) vectors->usage = counted(nullptr);
  return vectors;
}

Error HuggingFaceEmbedding::refusal(const net::HttpHead& head, std::string_view body) const {
  return huggingface_refusal(head, body);
}

HuggingFaceRoute huggingface_route(const EmbedderSettings& settings) {
  const std::string_view base = settings.base_url;
  if (base.empty())
    return {HuggingFaceRoute::Format::router,
            fmt::format("{}{}/pipeline/feature-extraction", kRouterUrl, settings.model)};
  if (base.find("/pipeline/") != std::string_view::npos || base.find("/models/") != std::string_view::npos)
    return {HuggingFaceRoute::Format::router, settings.base_url};
  if (base.ends_with("/v1") || base.ends_with("/embeddings"))
    return {HuggingFaceRoute::Format::openai, endpoint(base, "/v1", "/embeddings")};
  return {HuggingFaceRoute::Format::tei, endpoint(base, "", "/embed")};
}

Result<std::shared_ptr<Embedder>> make_huggingface_embedder(const EmbedderSettings& settings,
                                                            const EmbedderServices& services) {
  if (settings.base_url.empty() && settings.model.empty())
    return fail(ErrorCode::invalid, "`model` is missing: its name on Hugging Face, such as BAAI/bge-m3");
  EmbedderSettings named = settings;
  if (named.model.empty()) named.model = "tei";  // a server of one model takes any name
  HuggingFaceRoute route = huggingface_route(named);
  Endpoint at{.url = std::move(route.url), .headers = bearer(named)};
  auto codec = codec_for(route.format, named);
  return std::make_shared<HttpEmbedder>(named, std::move(at), std::move(codec), limits_of(named, kLimits),
                                        services);
}

}  // namespace troupe::models

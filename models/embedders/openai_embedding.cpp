#include "models/embedders/openai_embedding.h"

#include "models/embedders/embedder_provider.h"
#include "models/embedders/http_embedder.h"
#include "models/embedders/vector_rows.h"
#include "models/endpoint.h"
#include "models/provider_facts.h"

#include <fmt/format.h>

namespace troupe::models {

namespace {

// What OpenAI's own servers read; others are not known, and take less at once.
constexpr EmbedderLimits kPublicLimits{.texts = 256, .text_tokens = 8192, .call_tokens = 300'000};
constexpr EmbedderLimits kOtherLimits{.texts = 64, .text_tokens = 0, .call_tokens = 0};

std::string head(const EmbedderSettings& settings) {
  std::string head = "{\"model\":";
  append_quoted(head, settings.model);
  append_field(head, "encoding_format", "\"base64\"");
  if (settings.dimensions > 0) append_field(head, "dimensions", fmt::format("{}", settings.dimensions));
  return head;
}

// Where a row belongs; a server that does not say has them in order.
std::size_t row_of(const Json& item, std::size_t position) {
  const Json* index = find(item, "index");
  return index && index->is_number_unsigned() ? index->get<std::size_t>() : position;
}

}  // namespace

std::string body_with(const RequestParams& params, std::string_view key, std::span<const std::string> texts) {
  std::string body = params.head();
  append_field(body, key, "[");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i) body += ',';
    append_quoted(body, texts[i]);
  }
  body += "]}";
  return body;
}

OpenAiEmbedding::OpenAiEmbedding(const EmbedderSettings& settings)
    : params_(head(settings), settings.drop_params, settings.extra_body) {}

std::string OpenAiEmbedding::request_body(std::span<const std::string> texts) const {
  return body_with(params_, "input", texts);
}

Result<Vectors> OpenAiEmbedding::read(std::string_view body) const {
  auto answer = read_answer(body);
  if (!answer) return fail(std::move(answer.error()));
  auto list = list_in(*answer, "data");
  if (!list) return fail(std::move(list.error()));
  const Json& items = **list;
  VectorRows rows(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Json* vector = find(items[i], "embedding");
    if (auto put = rows.put(row_of(items[i], i), vector ? *vector : Json()); !put)
      return fail(std::move(put.error()));
  }
  auto vectors = rows.take();
  if (!vectors) return vectors;
  const Json* usage = find(*answer, "usage");
  const Json* tokens = usage ? find(*usage, "prompt_tokens") : nullptr;
  if (usage && !tokens) tokens = find(*usage, "total_tokens");
  vectors->usage = counted(tokens);
  return vectors;
}

Result<std::shared_ptr<Embedder>> make_openai_embedder(const EmbedderSettings& settings,
                                                       const EmbedderServices& services) {
  if (settings.model.empty())
    return fail(ErrorCode::invalid, "`model` is missing: the provider's name of the model");
  const bool own = settings.base_url.empty();
  Endpoint at{.url = endpoint(base_of("openai", settings.base_url), "/v1", "/embeddings"),
              .headers = bearer(settings)};
  return std::make_shared<HttpEmbedder>(settings, std::move(at), std::make_shared<OpenAiEmbedding>(settings),
                                        limits_of(settings, own ? kPublicLimits : kOtherLimits), services);
}

}  // namespace troupe::models

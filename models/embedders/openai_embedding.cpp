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

void append_texts(std::string& out, std::span<const std::string> texts) {
  out += '[';
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i) out += ',';
    append_quoted(out, texts[i]);
  }
  out += ']';
}

OpenAiEmbedding::OpenAiEmbedding(const EmbedderSettings& settings)
    : params_(head(settings), settings.drop_params, settings.extra_body) {}

std::string OpenAiEmbedding::request_body(std::span<const std::string> texts) const {
  std::string body = params_.head();
  append_field(body, "input", "");
  append_texts(body, texts);
  body += '}';
  return body;
}

Result<Vectors> OpenAiEmbedding::read(std::string_view body) const {
  auto answer = read_answer(body);
  if (!answer) return fail(std::move(answer.error()));
  const Json* data = find(*answer, "data");
  if (!data || !data->is_array())
    return fail(ErrorCode::protocol,
                fmt::format("the answer has no `data`: {}", dump(*answer).substr(0, 120)));
  VectorRows rows(data->size());
  for (std::size_t i = 0; i < data->size(); ++i) {
    const Json* vector = find((*data)[i], "embedding");
    if (auto put = rows.put(row_of((*data)[i], i), vector ? *vector : Json()); !put)
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

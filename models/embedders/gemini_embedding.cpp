#include "models/embedders/gemini_embedding.h"

#include "models/embedders/embedder_provider.h"
#include "models/embedders/http_embedder.h"
#include "models/embedders/vector_rows.h"
#include "models/endpoint.h"
#include "models/provider_facts.h"
#include "models/providers/gemini_codec.h"
#include "models/providers/request_params.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr EmbedderLimits kLimits{.texts = 100, .text_tokens = 2048, .call_tokens = 0};

// "models/gemini-embedding-001"; a name with a slash is whole.
std::string resource(const EmbedderSettings& settings) {
  return settings.model.find('/') == std::string::npos ? "models/" + settings.model : settings.model;
}

// "retrieval_document" → "RETRIEVAL_DOCUMENT"
std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

}  // namespace

GeminiEmbedding::GeminiEmbedding(const EmbedderSettings& settings) : before_("{\"model\":"), behind_("}]}") {
  append_quoted(before_, resource(settings));
  before_ += ",\"content\":{\"parts\":[{\"text\":";
  if (!settings.task.empty()) append_field(behind_, "taskType", "\"" + upper(settings.task) + "\"");
  if (settings.dimensions > 0)
    append_field(behind_, "outputDimensionality", fmt::format("{}", settings.dimensions));
  behind_ = "}" + behind_.substr(1) + "}";
}

std::string GeminiEmbedding::request_body(std::span<const std::string> texts) const {
  std::string body = "{\"requests\":[";
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i) body += ',';
    body += before_;
    append_quoted(body, texts[i]);
    body += behind_;
  }
  body += "]}";
  return body;
}

Result<Vectors> GeminiEmbedding::read(std::string_view body) const {
  auto answer = read_answer(body);
  if (!answer) return fail(std::move(answer.error()));
  auto list = list_in(*answer, "embeddings");
  if (!list) return fail(std::move(list.error()));
  const Json& items = **list;
  VectorRows rows(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Json* values = find(items[i], "values");
    if (auto put = rows.put(i, values ? *values : Json()); !put) return fail(std::move(put.error()));
  }
  auto vectors = rows.take();
  const Json* usage = find(*answer, "usageMetadata");
  if (vectors) vectors->usage = counted(usage ? find(*usage, "promptTokenCount") : nullptr);
  return vectors;
}

Error GeminiEmbedding::refusal(const net::HttpHead& head, std::string_view body) const {
  return gemini_refusal(head, body);
}

std::string GeminiEmbedding::path(const EmbedderSettings& settings) {
  return fmt::format("/{}:batchEmbedContents", resource(settings));
}

Result<std::shared_ptr<Embedder>> make_gemini_embedder(const EmbedderSettings& settings,
                                                       const EmbedderServices& services) {
  if (settings.model.empty())
    return fail(ErrorCode::invalid, "`model` is missing: the provider's name of the model");
  Endpoint at{.url =
                  endpoint(base_of("gemini", settings.base_url), "/v1beta", GeminiEmbedding::path(settings))};
  // In a header, never in the address, which is logged on its way.
  if (!settings.api_key.empty()) at.headers = {{"x-goog-api-key", settings.api_key}};
  return std::make_shared<HttpEmbedder>(settings, std::move(at), std::make_shared<GeminiEmbedding>(settings),
                                        limits_of(settings, kLimits), services);
}

}  // namespace troupe::models

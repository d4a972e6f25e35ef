#include "models/embedders/ollama_embedding.h"

#include "models/embedders/embedder_provider.h"
#include "models/embedders/http_embedder.h"
#include "models/embedders/openai_embedding.h"
#include "models/embedders/vector_rows.h"
#include "models/endpoint.h"
#include "models/provider_facts.h"
#include "models/providers/ollama_codec.h"

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr EmbedderLimits kLimits{.texts = 64, .text_tokens = 0, .call_tokens = 0};

std::string head(const EmbedderSettings& settings) {
  std::string head = "{\"model\":";
  append_quoted(head, settings.model);
  append_field(head, "truncate", settings.truncate ? "true" : "false");
  if (settings.dimensions > 0) append_field(head, "dimensions", fmt::format("{}", settings.dimensions));
  if (!settings.keep_alive.empty()) {
    std::string quoted;
    append_quoted(quoted, settings.keep_alive);
    append_field(head, "keep_alive", settings.keep_alive == "-1" ? "-1" : quoted);
  }
  if (settings.options.is_object()) append_field(head, "options", dump(settings.options));
  return head;
}

}  // namespace

OllamaEmbedding::OllamaEmbedding(const EmbedderSettings& settings)
    : model_(settings.model), params_(head(settings), settings.drop_params, settings.extra_body) {}

std::string OllamaEmbedding::request_body(std::span<const std::string> texts) const {
  return body_with(params_, "input", texts);
}

Result<Vectors> OllamaEmbedding::read(std::string_view body) const {
  auto answer = read_answer(body);
  if (!answer) return fail(std::move(answer.error()));
  auto list = list_in(*answer, "embeddings");
  if (!list) return fail(std::move(list.error()));
  const Json& items = **list;
  VectorRows rows(items.size());
  for (std::size_t i = 0; i < items.size(); ++i)
    if (auto put = rows.put(i, items[i]); !put) return fail(std::move(put.error()));
  auto vectors = rows.take();
  if (vectors) vectors->usage = counted(find(*answer, "prompt_eval_count"));
  return vectors;
}

Error OllamaEmbedding::refusal(const net::HttpHead& head, std::string_view body) const {
  return ollama_refusal(head, body, model_);
}

Result<std::shared_ptr<Embedder>> make_ollama_embedder(const EmbedderSettings& settings,
                                                       const EmbedderServices& services) {
  if (settings.model.empty())
    return fail(ErrorCode::invalid, "`model` is missing: its name, as `ollama list` shows it");
  Endpoint at{.url = endpoint(base_of("ollama", settings.base_url), "/api", "/embed"),
              .headers = bearer(settings)};
  return std::make_shared<HttpEmbedder>(settings, std::move(at), std::make_shared<OllamaEmbedding>(settings),
                                        limits_of(settings, kLimits), services);
}

}  // namespace troupe::models

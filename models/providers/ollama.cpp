#include "models/endpoint.h"
#include "models/provider.h"
#include "models/providers/http_model.h"
#include "models/providers/ollama_codec.h"

namespace troupe::models {

namespace {
constexpr std::string_view kLocalUrl = public_url("ollama");
}

Result<std::shared_ptr<Model>> make_ollama(const ModelSettings& settings, const ModelServices& services,
                                           const KnownModels&) {
  if (settings.model.empty())
    return fail(ErrorCode::invalid, "`model` is missing: its name, as `ollama list` shows it");
  Endpoint at{.url = endpoint(settings.base_url.empty() ? kLocalUrl : std::string_view(settings.base_url),
                              "/api", "/chat")};
  if (!settings.api_key.empty()) at.headers = {{"authorization", "Bearer " + settings.api_key}};
  return std::make_shared<HttpModel>(settings, std::move(at), std::make_unique<OllamaCodec>(settings),
                                     services.http);
}

}  // namespace troupe::models

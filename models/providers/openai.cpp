#include "models/endpoint.h"
#include "models/provider.h"
#include "models/providers/http_model.h"
#include "models/providers/openai_codec.h"

namespace troupe::models {

namespace {
constexpr std::string_view kPublicUrl = public_url("openai");
}

Result<std::shared_ptr<Model>> make_openai(const ModelSettings& settings, const ModelServices& services,
                                           const KnownModels&) {
  if (settings.model.empty())
    return fail(ErrorCode::invalid, "`model` is missing: the provider's name of the model");
  Endpoint at{.url = endpoint(settings.base_url.empty() ? kPublicUrl : std::string_view(settings.base_url),
                              "/v1", "/chat/completions")};
  if (!settings.api_key.empty()) at.headers = {{"authorization", "Bearer " + settings.api_key}};
  return std::make_shared<HttpModel>(settings, std::move(at), std::make_unique<OpenAiCodec>(settings),
                                     services.http);
}

}  // namespace troupe::models

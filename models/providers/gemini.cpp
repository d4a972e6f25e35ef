#include "models/endpoint.h"
#include "models/provider.h"
#include "models/providers/gemini_codec.h"
#include "models/providers/http_model.h"

namespace troupe::models {

namespace {
constexpr std::string_view kPublicUrl = public_url("gemini");
}

Result<std::shared_ptr<Model>> make_gemini(const ModelSettings& settings, const ModelServices& services,
                                           const KnownModels&) {
  if (settings.model.empty())
    return fail(ErrorCode::invalid, "`model` is missing: the provider's name of the model");
  Endpoint at{.url = endpoint(settings.base_url.empty() ? kPublicUrl : std::string_view(settings.base_url),
                              "/v1beta", GeminiCodec::path(settings))};
  if (settings.stream) at.url += "?alt=sse";
  // In a header, never in the address, which is logged on its way.
  if (!settings.api_key.empty()) at.headers = {{"x-goog-api-key", settings.api_key}};
  return std::make_shared<HttpModel>(settings, std::move(at), std::make_unique<GeminiCodec>(settings),
                                     services.http);
}

}  // namespace troupe::models

#include "models/endpoint.h"
#include "models/provider.h"
#include "models/providers/anthropic_codec.h"
#include "models/providers/http_model.h"

namespace troupe::models {

namespace {
constexpr std::string_view kPublicUrl = public_url("anthropic");
}

Result<std::shared_ptr<Model>> make_anthropic(const ModelSettings& settings, const ModelServices& services,
                                              const KnownModels&) {
  if (settings.model.empty())
    return fail(ErrorCode::invalid, "`model` is missing: the provider's name of the model");
  Endpoint at{.url = endpoint(settings.base_url.empty() ? kPublicUrl : std::string_view(settings.base_url),
                              "/v1", "/messages")};
  at.headers = {{"anthropic-version",
                 settings.api_version.empty() ? std::string(kAnthropicVersion) : settings.api_version}};
  if (!settings.api_key.empty()) at.headers.emplace_back("x-api-key", settings.api_key);
  return std::make_shared<HttpModel>(settings, std::move(at), std::make_unique<AnthropicCodec>(settings),
                                     services.http);
}

}  // namespace troupe::models

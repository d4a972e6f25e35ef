#include "models/endpoint.h"
#include "models/provider.h"
#include "models/providers/http_model.h"
#include "models/providers/huggingface_refusal.h"
#include "models/providers/openai_codec.h"

namespace troupe::models {

namespace {

constexpr std::string_view kRouterUrl = public_url("huggingface");

/// OpenAI's format as Hugging Face's router, its Inference Endpoints and TGI speak it.
class HuggingFaceCodec final : public OpenAiCodec {
 public:
  // The router has OpenAI's form; an endpoint is TGI, or a server that takes TGI's for any JSON object.
  HuggingFaceCodec(const ModelSettings& settings, bool routed)
      : OpenAiCodec(settings, routed ? SchemaForm::openai : SchemaForm::tgi) {}

  Error refusal(const net::HttpHead& head, std::string_view body) const override {
    return huggingface_refusal(head, body);
  }
};

}  // namespace

Result<std::shared_ptr<Model>> make_huggingface(const ModelSettings& settings, const ModelServices& services,
                                                const KnownModels&) {
  ModelSettings named = settings;
  const bool routed = settings.base_url.empty();
  if (routed && settings.model.empty())
    return fail(ErrorCode::invalid, "`model` is missing: its name on Hugging Face, such as Qwen/Qwen3-32B");
  if (named.model.empty()) named.model = "tgi";  // a server of one model takes any name
  Endpoint at{
      .url = endpoint(routed ? kRouterUrl : std::string_view(settings.base_url), "/v1", "/chat/completions")};
  if (!settings.api_key.empty()) at.headers = {{"authorization", "Bearer " + settings.api_key}};
  auto codec = std::make_unique<HuggingFaceCodec>(named, routed);
  return std::make_shared<HttpModel>(std::move(named), std::move(at), std::move(codec), services.http);
}

}  // namespace troupe::models

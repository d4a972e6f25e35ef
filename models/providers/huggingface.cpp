#include "models/endpoint.h"
#include "models/provider.h"
#include "models/providers/http_model.h"
#include "models/providers/openai_codec.h"

#include <optional>

namespace troupe::models {

namespace {

constexpr std::string_view kRouterUrl = "https://router.huggingface.co/v1";

/// OpenAI's format as Hugging Face's router, its Inference Endpoints and TGI speak it.
class HuggingFaceCodec final : public OpenAiCodec {
 public:
  // The router has OpenAI's form; an endpoint is TGI, or a server that takes TGI's for any JSON object.
  HuggingFaceCodec(const ModelSettings& settings, bool routed)
      : OpenAiCodec(settings, routed ? SchemaForm::openai : SchemaForm::tgi) {}

  // A model that is being loaded says when it will be there: {"error": "… loading", "estimated_time": 20.0}.
  Error refusal(const net::HttpHead& head, std::string_view body) const override {
    Error error = OpenAiCodec::refusal(head, body);
    auto parsed = parse_json(body);
    const Json* time = parsed ? find(*parsed, "estimated_time") : nullptr;
    if (head.status != 503 || !time || !time->is_number()) return error;
    const double seconds = time->get<double>();
    if (seconds >= 0 && seconds < 3600)
      error.retry_after = std::chrono::milliseconds(static_cast<long long>(seconds * 1000));
    return error;
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

#include "plugins/plugin_embedder.h"

#include "models/limits.h"
#include "models/token_estimate.h"
#include "plugins/model_messages.h"
#include "plugins/plugin_model.h"
#include "plugins/service_call.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

std::unexpected<Error> wrong(std::string what) {
  return fail(ErrorCode::protocol, "the plugin's answer " + std::move(what));
}

float float_at(std::string_view body, std::size_t number) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 4; ++i)
    bits |= static_cast<std::uint32_t>(static_cast<unsigned char>(body[number * 4 + i])) << (8 * i);
  return std::bit_cast<float>(bits);
}

Result<models::Usage> usage_in(const Json& answer) {
  const Json* usage = find(answer, "usage");
  const Json* tokens = usage ? find(*usage, "input_tokens") : nullptr;
  if (!tokens || tokens->is_null()) return models::Usage{.estimated = true};
  if (!tokens->is_number_unsigned() ||
      tokens->get<std::uint64_t>() > static_cast<std::uint64_t>(kModelTokensMost))
    return wrong(
        fmt::format("counts tokens otherwise than as a whole number from 0 to {}", kModelTokensMost));
  return models::Usage{.input_tokens = tokens->get<std::int64_t>()};
}

class PluginEmbedder final : public models::Embedder {
 public:
  PluginEmbedder(std::shared_ptr<Plugin> plugin, std::size_t service, models::EmbedderSettings settings,
                 std::string told, Workers& workers)
      : plugin_(std::move(plugin)),
        service_(service),
        settings_(std::move(settings)),
        told_(std::move(told)),
        workers_(workers),
        title_(
            fmt::format("embedder {} ({} of {})", settings_.name, description().name, settings_.provider)) {}

  Task<Result<models::Vectors>> embed(std::vector<std::string> texts, CallContext& context) override {
    return make(std::move(texts), context, "document");
  }
  Task<Result<models::Vectors>> embed_queries(std::vector<std::string> texts, CallContext& context) override {
    return make(std::move(texts), context, "query");
  }
  const std::string& name() const override { return settings_.name; }
  std::size_t dimensions() const override { return static_cast<std::size_t>(settings_.dimensions); }
  models::EmbedderLimits limits() const override {
    const std::size_t texts = settings_.batch > 0 ? static_cast<std::size_t>(settings_.batch) : kPluginBatch;
    return {.texts = std::min(texts, troupe::limits::kEmbeddingBatch)};
  }
  std::string version() const override {
    return fmt::format("{} {}", description().name, description().version);
  }

 private:
  const ServiceDescription& description() const { return plugin_->description().services[service_]; }

  std::string input(const std::vector<std::string>& texts, const char* purpose) const {
    Json input = Json::object();
    if (!told_.empty()) input["model"] = told_;
    input["for"] = purpose;
    if (settings_.dimensions > 0) input["dimensions"] = settings_.dimensions;
    if (settings_.options.is_object()) input["options"] = settings_.options;
    input["texts"] = texts;
    return dump(input);
  }

  Task<Result<models::Vectors>> make(std::vector<std::string> texts, CallContext& context,
                                     const char* purpose) {
    if (context.stop.requested()) co_return fail(stopped(title_, context.stop.reason()));
    ServiceCall call(context, settings_.timeout, description().timeout);
    PluginCall asked{
        .service = service_, .input = input(texts, purpose), .repeatable = true, .grace = kModelGrace};
    auto answer = co_await call.make(*plugin_, std::move(asked));
    if (!answer && context.stop.requested()) co_return within(title_, std::move(answer.error()));
    if (!answer) co_return within(title_, about(provider_error(std::move(answer.error()))));
    auto vectors = co_await read(std::move(*answer), texts.size(), context.loop);
    if (!vectors) co_return within(title_, std::move(vectors.error()));
    if (vectors->usage.estimated)
      for (const std::string& text : texts) vectors->usage.input_tokens += models::estimate_tokens(text);
    co_return vectors;
  }

  static Error about(Error error) {
    if (error.code == ErrorCode::too_large)
      error.message +=
          ". A text is longer than the embedder reads, or too much goes out at once: cut texts "
          "smaller, or set a smaller `batch` in this entry";
    return error;
  }

  Task<Result<models::Vectors>> read(PluginAnswer answer, std::size_t texts, Loop& loop) const {
    if (answer.body.size() <= kVectorsOnLoop && answer.text.size() <= troupe::limits::kDecodeOnLoopBytes)
      co_return read_vectors(answer.text, answer.body, texts, dimensions());
    co_return co_await offload(loop, workers_, [answer = std::move(answer), texts, wanted = dimensions()] {
      return read_vectors(answer.text, answer.body, texts, wanted);
    });
  }

  const std::shared_ptr<Plugin> plugin_;
  const std::size_t service_;
  const models::EmbedderSettings settings_;
  const std::string told_;
  Workers& workers_;
  const std::string title_;
};

}  // namespace

Result<models::Vectors> read_vectors(std::string_view answer, std::string_view body, std::size_t texts,
                                     std::size_t dimensions) {
  auto json = parse_json(answer);
  if (!json) return wrong("is no JSON: " + json.error().message);
  const Json* told = find(*json, "dimensions");
  if (!told || !told->is_number_unsigned() || told->get<std::uint64_t>() == 0 ||
      told->get<std::uint64_t>() > kPluginDimensions)
    return wrong(fmt::format("does not say `dimensions` as a whole number from 1 to {}", kPluginDimensions));
  models::Vectors vectors{.dimensions = told->get<std::size_t>()};
  if (dimensions > 0 && vectors.dimensions != dimensions)
    return wrong(fmt::format("has vectors of {} dimensions instead of {}: check this entry's `dimensions`",
                             vectors.dimensions, dimensions));
  // Both are small enough for the product: texts of one batch, dimensions as checked.
  const std::size_t count = texts * vectors.dimensions;
  if (body.size() != count * sizeof(float))
    return wrong(fmt::format("has {} bytes of vectors; {} texts with {} dimensions each take {}", body.size(),
                             texts, vectors.dimensions, count * sizeof(float)));
  auto usage = usage_in(*json);
  if (!usage) return fail(std::move(usage.error()));
  vectors.usage = *usage;
  vectors.values.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    vectors.values[i] = float_at(body, i);
    if (!std::isfinite(vectors.values[i]))
      return wrong(fmt::format("has a number that is not finite, in vector {} of {}",
                               i / vectors.dimensions + 1, texts));
  }
  return vectors;
}

std::shared_ptr<models::Embedder> make_plugin_embedder(std::shared_ptr<Plugin> plugin, std::size_t service,
                                                       models::EmbedderSettings settings, std::string told,
                                                       Workers& workers) {
  return std::make_shared<PluginEmbedder>(std::move(plugin), service, std::move(settings), std::move(told),
                                          workers);
}

}  // namespace troupe::plugins

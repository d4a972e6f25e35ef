#include "models/trial/embedder_trial.h"

#include "models/limits.h"
#include "models/provider_facts.h"
#include "models/trial/bounded.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::models {

namespace {

using Verdict = Finding::Verdict;

Finding embeddings_of(const Vectors& vectors) {
  const auto first = vectors.row(0), second = vectors.row(1);
  if (std::ranges::all_of(vectors.values, [](float v) { return v == 0; }) ||
      std::ranges::equal(first, second))
    return {"embeddings", Verdict::fails,
            fmt::format("two different texts have the same vector of {} dimensions; is `model` one for "
                        "embeddings?",
                        vectors.dimensions)};
  return {"embeddings", Verdict::works, fmt::format("{} dimensions", vectors.dimensions)};
}

Finding usage_of(const Vectors& vectors) {
  if (vectors.usage.estimated)
    return {"usage", Verdict::absent, "the server does not count tokens; they are estimated"};
  return {"usage", Verdict::works, fmt::format("{} tokens in", vectors.usage.input_tokens)};
}

}  // namespace

EmbedderSettings trial_settings(EmbedderSettings settings) {
  settings.retries = 0;
  return settings;
}

Task<Findings> try_embedder(Embedder& embedder, EmbedderSettings settings, CallContext& context) {
  CallContext own = bounded(context, limits::kTrialTime);
  const Instant begin = context.loop.clock().now();
  std::vector<std::string> texts = {"A cat sits on the mat.", "경복궁은 서울에 있다."};
  Result<Vectors> vectors = co_await embedder.embed(std::move(texts), own);
  // Not over a network: the plugin says itself what is wrong.
  if (!vectors && !plugin_of(settings.provider).empty())
    co_return Findings{{"embeddings", Verdict::fails, vectors.error().message}};
  if (!vectors) co_return from_first_error("embeddings", vectors.error());
  if (settings.provider == "builtin")
    co_return Findings{
        {"kind", Verdict::absent,
         "hashed words inside the daemon: likeness of wording, no meaning; it calls no server"},
        embeddings_of(*vectors)};
  const auto took = std::chrono::duration_cast<Milliseconds>(context.loop.clock().now() - begin);
  co_return Findings{{"connection", Verdict::works, fmt::format("answered in {} ms", took.count())},
                     embeddings_of(*vectors),
                     usage_of(*vectors)};
}

}  // namespace troupe::models

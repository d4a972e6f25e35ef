#include "models/embedders/builtin_embedder.h"

#include "models/embedders/embedder_provider.h"
#include "models/embedders/hashed_text.h"
#include "models/limits.h"

#include <iterator>
#include <numeric>

namespace troupe::models {

namespace {

std::vector<float> hashed(const std::vector<std::string>& texts) {
  std::vector<float> values(texts.size() * HashedText::kDimensions);
  for (std::size_t i = 0; i < texts.size(); ++i)
    HashedText::embed(texts[i],
                      std::span(values).subspan(i * HashedText::kDimensions, HashedText::kDimensions));
  return values;
}

/// Takes texts of about kHashSliceBytes, at least one, from `begin` on.
std::vector<std::string> slice(std::vector<std::string>& texts, std::size_t& begin) {
  std::size_t bytes = 0, end = begin;
  while (end < texts.size() && (end == begin || bytes < limits::kHashSliceBytes))
    bytes += texts[end++].size();
  auto first = texts.begin() + static_cast<std::ptrdiff_t>(begin);
  auto last = texts.begin() + static_cast<std::ptrdiff_t>(end);
  begin = end;
  return {std::make_move_iterator(first), std::make_move_iterator(last)};
}

}  // namespace

BuiltinEmbedder::BuiltinEmbedder(EmbedderSettings settings, const EmbedderServices& services)
    : name_(std::move(settings.name)), loop_(services.loop), workers_(services.workers) {}

std::size_t BuiltinEmbedder::dimensions() const {
  return HashedText::kDimensions;
}

Task<Result<Vectors>> BuiltinEmbedder::embed(std::vector<std::string> texts, CallContext& context) {
  Vectors vectors{.dimensions = HashedText::kDimensions};
  const std::size_t bytes =
      std::accumulate(texts.begin(), texts.end(), std::size_t{0},
                      [](std::size_t sum, const auto& text) { return sum + text.size(); });
  if (context.stop.requested()) co_return fail(stopped("embedder " + name_, context.stop.reason()));
  if (bytes <= limits::kHashOnLoopBytes) {
    vectors.values = hashed(texts);
    co_return vectors;
  }
  vectors.values.reserve(texts.size() * HashedText::kDimensions);
  for (std::size_t begin = 0; begin < texts.size();) {
    std::vector<std::string> part = slice(texts, begin);
    std::vector<float> values =
        co_await offload(loop_, workers_, [part = std::move(part)] { return hashed(part); });
    if (context.stop.requested()) co_return fail(stopped("embedder " + name_, context.stop.reason()));
    vectors.values.insert(vectors.values.end(), values.begin(), values.end());
  }
  co_return vectors;
}

Result<std::shared_ptr<Embedder>> make_builtin_embedder(const EmbedderSettings& settings,
                                                        const EmbedderServices& services) {
  return std::make_shared<BuiltinEmbedder>(settings, services);
}

}  // namespace troupe::models

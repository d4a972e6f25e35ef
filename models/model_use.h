#pragma once

#include "models/message.h"
#include "runtime/base/context.h"

#include <cstdint>
#include <functional>
#include <string>

namespace troupe::models {

/// What one call of a model or an embedder used, made on the way to something else: a search, a tool.
struct ModelUse {
  std::string model;  ///< the entry of `models:`, or `embeddings/NAME`: their names may be the same
  Usage usage;
  double cost = 0;  ///< filled in by who knows prices
  std::int64_t ms = 0;
  bool cache_hit = false;
};

/// Told of each use as soon as it is over, so that it counts also where nothing comes of what it was for.
using UseSink = std::function<void(ModelUse)>;

/// Tells who counts for the call's run, by a `usage` event: each use once. Nothing where no token was used.
/// Loop thread.
void tell_use(CallContext& context, const ModelUse& use);

}  // namespace troupe::models

#pragma once

#include "models/embedder.h"
#include "models/embedders/catalog.h"
#include "models/embedders/settings.h"

namespace troupe::models {

/// HashedText as an embedder: likeness of words, no meaning; no network, no tokens, no cost.
class BuiltinEmbedder final : public Embedder {
 public:
  BuiltinEmbedder(EmbedderSettings settings, const EmbedderServices& services);

  /// Much text is worked through on a worker, in turns; a stop is heeded between them.
  Task<Result<Vectors>> embed(std::vector<std::string> texts, CallContext& context) override;
  const std::string& name() const override { return name_; }
  std::size_t dimensions() const override;
  EmbedderLimits limits() const override { return {}; }

 private:
  std::string name_;
  Loop& loop_;
  Workers& workers_;
};

}  // namespace troupe::models

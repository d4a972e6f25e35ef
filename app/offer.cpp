#include "app/offer.h"

namespace troupe::app {

gateway::Offer offer_of(const Engine& engine) {
  gateway::Offer offer{.catalog = engine.catalog, .tools = engine.tools, .knowledge = engine.knowledge};
  for (const auto& [name, base] : engine.knowledge->bases())
    offer.bases.push_back({.name = name,
                           .description = base.settings.description,
                           .embedding = base.embedding,
                           .index = base.settings.index.kind,
                           .index_plugin = base.settings.index.plugin});
  for (const auto& [name, model] : engine.current->models)
    offer.models.push_back({.name = name, .provider = model.provider, .model = model.model});
  return offer;
}

}  // namespace troupe::app

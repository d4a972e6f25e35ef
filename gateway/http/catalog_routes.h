#pragma once

#include "gateway/http/router.h"
#include "gateway/offer.h"

namespace troupe::gateway {

/// /v1/agents, /v1/chains, /v1/tools and /v1/providers: what the configuration in use has, by name. Prompts,
/// addresses and settings are not shown.
class CatalogRoutes {
 public:
  explicit CatalogRoutes(CurrentOffer offer) : offer_(std::move(offer)) {}
  /// The routes call this object.
  void add_to(Router& router);

 private:
  CurrentOffer offer_;
};

}  // namespace troupe::gateway

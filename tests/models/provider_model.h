#pragma once

#include "models/catalog.h"
#include "runtime/base/ids.h"

#include <memory>
#include <utility>

#include <doctest/doctest.h>

namespace troupe::models::testing {

/// The model of one entry, as the catalog makes it. A call is tried once unless `settings` say otherwise.
class ProviderModel {
 public:
  ProviderModel(ModelSettings settings, net::HttpClient& http, Loop& loop) {
    auto table = make_models({settings}, {.http = http, .loop = loop, .rng = rng_});
    REQUIRE_MESSAGE(table.has_value(), table.error().message);
    model_ = table->at(settings.name);
  }
  Model& operator*() { return *model_; }
  Model* operator->() { return model_.get(); }

 private:
  SystemRng rng_;
  std::shared_ptr<Model> model_;
};

}  // namespace troupe::models::testing

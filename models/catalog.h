#pragma once

#include "models/model.h"
#include "models/settings.h"
#include "runtime/async/loop.h"
#include "runtime/base/ids.h"
#include "runtime/net/http_client.h"

#include <string_view>
#include <vector>

namespace troupe::models {

/// What providers are built from. All outlive the models.
struct ModelServices {
  net::HttpClient& http;  ///< for model endpoints: unguarded, they may be local
  Loop& loop;
  Rng& rng;
};

/// The names `provider:` may have, in the order of providers.def.
std::vector<std::string_view> provider_names();

/// The models of the configuration. Those that go over the network are wrapped in retries; a cassette that
/// records finds its model among the others. Errors: invalid (an unknown provider, a missing or contradictory
/// setting, two entries of one name), naming the entry.
Result<ModelTable> make_models(const std::vector<ModelSettings>& settings, ModelServices services);

}  // namespace troupe::models

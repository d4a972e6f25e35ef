#pragma once

#include "models/model.h"
#include "models/settings.h"
#include "runtime/async/loop.h"
#include "runtime/base/ids.h"
#include "runtime/net/http_client.h"

#include <string_view>
#include <vector>

namespace troupe::models {

class Governors;

/// What providers are built from. All outlive the models.
struct ModelServices {
  net::HttpClient& http;  ///< for model endpoints: unguarded, they may be local
  Loop& loop;
  Rng& rng;
  Governors* governors =
      nullptr;  ///< shared with other generations of the models; null: these have their own
};

/// The names `provider:` may have, in the order of providers.def.
std::vector<std::string_view> provider_names();

/// The models of the configuration. Those that go over the network go by their endpoint's governor; a
/// cassette that records finds its model among the others; one with a `fallback` asks those others where it
/// fails, but not their fallbacks. Errors: invalid (an unknown provider, a missing or contradictory setting,
/// two entries of one name), naming the entry.
Result<ModelTable> make_models(const std::vector<ModelSettings>& settings, ModelServices services);

}  // namespace troupe::models

#pragma once

#include "models/model.h"
#include "models/settings.h"
#include "runtime/async/loop.h"
#include "runtime/base/ids.h"
#include "runtime/base/secret.h"
#include "runtime/net/http_client.h"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace troupe::models {

class Governors;
class ReplyCaches;

/// Makes the model of an entry with `provider: plugin/NAME`. It comes from above: here nobody knows plugins.
/// Errors say what is wrong with the entry. Loop thread only.
using PluginModelMaker = std::function<Result<std::shared_ptr<Model>>(const ModelSettings& settings)>;

/// What providers are built from. All outlive the models.
struct ModelServices {
  net::HttpClient& http;  ///< for model endpoints: unguarded, they may be local
  Loop& loop;
  Rng& rng;
  Governors* governors =
      nullptr;                    ///< shared with other generations of the models; null: these have their own
  ReplyCaches* caches = nullptr;  ///< for `cache:` of entries; null: nothing is cached
  Secrets secrets{};              ///< of the whole configuration: masked in what is recorded
  PluginModelMaker plugins{};     ///< null: an entry of a plugin cannot be made
  /// What a plugin of that name is at present, for the names of cached replies: another one answers
  /// otherwise.
  std::function<std::string(std::string_view plugin)> plugin_version{};
};

/// The names `provider:` may have, in the order of providers.def.
std::vector<std::string_view> provider_names();

/// The models of the configuration. Those that go over the network, and those of a plugin, which is one
/// endpoint, go by their endpoint's governor; a
/// cassette finds its model among the other entries; one with a `fallback` asks those others where it fails,
/// but not their fallbacks. Errors: invalid (an unknown provider, a missing or contradictory setting, two
/// entries of one name), naming the entry.
Result<ModelTable> make_models(const std::vector<ModelSettings>& settings, ModelServices services);

}  // namespace troupe::models

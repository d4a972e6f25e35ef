#pragma once

#include "models/embedder.h"
#include "models/embedders/settings.h"
#include "models/settings.h"
#include "runtime/async/loop.h"
#include "runtime/async/offload.h"
#include "runtime/base/ids.h"
#include "runtime/net/http_client.h"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace troupe::models {

class Governors;

/// Makes the embedder of an entry with `provider: plugin/NAME`, which sends one request a call. It comes from
/// above: here nobody knows plugins. Errors say what is wrong with the entry. Loop thread only.
using PluginEmbedderMaker =
    std::function<Result<std::shared_ptr<Embedder>>(const EmbedderSettings& settings)>;

/// What embedders are built from. All outlive them.
struct EmbedderServices {
  net::HttpClient& http;  ///< for model endpoints: unguarded, they may be local
  Loop& loop;
  Rng& rng;
  Workers& workers;                     ///< where long answers are read and `builtin` works
  Governors* governors = nullptr;       ///< shared with the models; null: these have their own
  std::vector<ModelSettings> models{};  ///< of the configuration: the rates that they state hold here, too
  PluginEmbedderMaker plugins{};        ///< null: an entry of a plugin cannot be made
};

/// The names `provider:` of an embedder may have, in the order of embedders.def.
std::vector<std::string_view> embedder_provider_names();

/// The embedders of the configuration: each cuts a call into requests of its batch, and repeats requests that
/// failed for a reason that passes. Errors: invalid (an unknown provider, a missing setting, two entries of
/// one name), naming the entry.
Result<EmbedderTable> make_embedders(const std::vector<EmbedderSettings>& settings,
                                     EmbedderServices services);

}  // namespace troupe::models

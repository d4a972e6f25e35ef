#pragma once

#include "models/embedder.h"
#include "models/embedders/settings.h"
#include "plugins/host/plugin.h"
#include "runtime/async/offload.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::plugins {

inline constexpr std::size_t kPluginBatch = 64;            // texts of one call, where the entry does not say
inline constexpr std::size_t kPluginDimensions = 65'536;   // of a vector, at most
inline constexpr std::size_t kVectorsOnLoop = 256u << 10;  // bytes; more are read on a worker

/// An embedder that a plugin brings. `service`: of kind "embedder", by its place in the description. `told`:
/// what the plugin is told as the model's name. One call a request, of at most limits().texts texts; not
/// governed. Errors are those of models::Embedder. `workers` outlive it.
std::shared_ptr<models::Embedder> make_plugin_embedder(std::shared_ptr<Plugin> plugin, std::size_t service,
                                                       models::EmbedderSettings settings, std::string told,
                                                       Workers& workers);

/// The vectors of an answer to `texts` texts: its JSON, and float32 in little-endian order, row after row.
/// `dimensions`: that they must have, 0: any. Errors: protocol, saying what is wrong with it. Pure.
Result<models::Vectors> read_vectors(std::string_view answer, std::string_view body, std::size_t texts,
                                     std::size_t dimensions);

}  // namespace troupe::plugins

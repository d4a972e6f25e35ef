#pragma once

#include "models/model.h"
#include "models/settings.h"
#include "plugins/host/plugin.h"
#include "runtime/async/offload.h"

#include <cstddef>
#include <memory>
#include <string>

namespace troupe::plugins {

/// How long a call of a model or of an embedder may take to end once nobody waits for it, before its worker
/// is killed: a worker that is killed loses the model that it has loaded.
inline constexpr Milliseconds kModelGrace{1'000};

/// A model that a plugin brings. `service`: of kind "model", by its place in the description. `told`: what
/// the plugin is told as the model's name. One attempt a call, not governed. Errors are those of
/// models::Model: what the plugin fails with, and busy and unavailable, both retryable, where it says so or
/// its worker dies. It keeps the plugin as it is: of a newer one there is a new model. `workers`, where long
/// answers are read, outlive it.
std::shared_ptr<models::Model> make_plugin_model(std::shared_ptr<Plugin> plugin, std::size_t service,
                                                 models::ModelSettings settings, std::string told,
                                                 Workers& workers);

}  // namespace troupe::plugins

#pragma once

#include "app/configuration.h"
#include "runtime/config/environment.h"
#include "runtime/config/keys.h"
#include "runtime/config/problem.h"

#include <set>
#include <string>
#include <vector>

namespace troupe::app {

/// The plugins that entries of `models` and `embeddings` name as their provider; whether they are there is
/// not looked at.
std::set<std::string> providers_of_plugins(const Configuration& all);

/// The plugins whose services the configuration names: as providers, memories, guardrails, indexes, loaders
/// and tools. The same holds.
std::set<std::string> plugins_in_use(const Configuration& all);

/// Names of plugins that are not there, in `provider: plugin/NAME` and in `memory: plugin/NAME`.
void check_plugin_providers(const Configuration& all, config::Check& check);

/// What of the configuration in the file at `path` only the plugins themselves can tell: whether they have
/// what is named of them, and take the options and settings that it has there, and their own `config`. Each
/// of these plugins is loaded, confined as the daemon would do it, and asked what it offers; it is not
/// started. `all` was read from `path`. Blocking.
std::vector<config::Problem> check_services(const std::string& path, const Configuration& all,
                                            const config::Environment& environment);

}  // namespace troupe::app

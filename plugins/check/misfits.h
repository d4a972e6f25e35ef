#pragma once

#include "plugins/check/validator.h"

#include <string>
#include <vector>

namespace troupe::plugins {

/// What is given to a plugin that is checked and does not go with it, one sentence each: a configuration that
/// its schema refuses or misses, inputs of services that it has not, inputs and options that their schemas
/// refuse. Empty: everything fits. Pure.
std::vector<std::string> misfits(const ValidatorOptions& options, const PluginDescription& plugin);

}  // namespace troupe::plugins

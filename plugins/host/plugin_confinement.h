#pragma once

#include "plugins/settings.h"
#include "runtime/sandbox/confinement.h"

#include <string>

namespace troupe::plugins {

/// What a worker may do that runs the library at `library`: it reads that and the system's libraries, and
/// what is granted. Nothing of the daemon's: no environment, no descriptors, no other files.
sandbox::Confinement confinement_of(const PluginSettings& settings, const std::string& library);

}  // namespace troupe::plugins

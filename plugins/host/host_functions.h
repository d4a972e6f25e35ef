#pragma once

#include "plugins/troupe_plugin.h"

namespace troupe::plugins {

class PluginRuntime;

/// The host as one plugin sees it. `host` comes first: a pointer to it is one to the whole.
struct HostTable {
  troupe_host host;
  PluginRuntime* runtime;
};

/// The functions of plugins/troupe_plugin.h, speaking to `runtime`.
HostTable make_host_table(PluginRuntime& runtime);

}  // namespace troupe::plugins

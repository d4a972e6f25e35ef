#pragma once

#include "plugins/host/library.h"
#include "plugins/host/plugin_line.h"
#include "runtime/async/loop.h"

#include <memory>

namespace troupe::plugins {

/// Runs the plugin, one line at a time, on threads of this process (`isolation: none`): for code that is
/// trusted like the daemon's own. A call that does not end when it is cancelled cannot be stopped: it is left
/// to itself, with its thread, for as long as the process lives. `loop` outlives what is made; `library`
/// stays loaded for good.
LineMaker thread_lines(Loop& loop, std::shared_ptr<const PluginLibrary> library);

}  // namespace troupe::plugins

#pragma once

#include "plugins/host/plugin_line.h"
#include "runtime/async/loop.h"
#include "runtime/sandbox/cage.h"
#include "runtime/sandbox/shared_memory.h"

#include <memory>

namespace troupe::plugins {

/// A worker process for each line; its program calls serve_plugin() (worker_program.h). What it says that is
/// no message ends it. `memory`, if any, is sealed; each process can read it, see PluginCall::memory. `loop`
/// outlives what is made.
LineMaker process_lines(Loop& loop, std::shared_ptr<const sandbox::Cage> cage,
                        std::shared_ptr<const sandbox::SharedMemory> memory = nullptr);

}  // namespace troupe::plugins

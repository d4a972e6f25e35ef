#pragma once

#include "plugins/host/plugin_line.h"
#include "runtime/async/loop.h"
#include "runtime/sandbox/cage.h"

#include <memory>

namespace troupe::plugins {

/// A worker process for each line; its program calls serve_plugin() (worker_program.h). What it says that is
/// no message ends it. `loop` and `cage` outlive what is made.
LineMaker process_lines(Loop& loop, std::shared_ptr<const sandbox::Cage> cage);

}  // namespace troupe::plugins

#pragma once

#include "runtime/config/collections.h"
#include "tools/settings.h"

namespace troupe::tools {

/// The `tools:` section; its names are the namespace "tools".
config::ShapePtr<config::Entries<ToolSettings>> section();

}  // namespace troupe::tools

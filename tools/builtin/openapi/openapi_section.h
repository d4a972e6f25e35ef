#pragma once

#include "runtime/config/record.h"
#include "tools/settings.h"

namespace troupe::tools {

/// The keys of `type: openapi`.
config::Record<ToolSettings> openapi_section();

}  // namespace troupe::tools

#pragma once

#include "runtime/config/record.h"
#include "tools/settings.h"

namespace troupe::tools {

/// The keys of `type: files`.
config::Record<ToolSettings> files_section();

}  // namespace troupe::tools

#pragma once

#include "runtime/config/record.h"
#include "tools/settings.h"

namespace troupe::tools {

/// The keys of `type: image`.
config::Record<ToolSettings> image_section();

}  // namespace troupe::tools

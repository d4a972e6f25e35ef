#pragma once

#include "runtime/config/record.h"
#include "tools/settings.h"

namespace troupe::tools {

/// The keys of `type: code`.
config::Record<ToolSettings> code_section();

}  // namespace troupe::tools

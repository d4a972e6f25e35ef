#pragma once

#include "runtime/config/record.h"
#include "tools/settings.h"

namespace troupe::tools {

/// The keys of `type: http`.
config::Record<ToolSettings> http_section();

/// The keys that bound what a tool may ask and read, for http and openapi.
void add_exchange_keys(config::Record<ToolSettings>& tool);

}  // namespace troupe::tools

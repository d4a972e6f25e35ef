#pragma once

#include "gateway/settings.h"
#include "runtime/config/record.h"

namespace troupe::gateway {

/// The `server:` section.
config::Record<ServerSettings> section();

}  // namespace troupe::gateway

#pragma once

#include "runtime/config/record.h"
#include "tools/settings.h"

#include <string>
#include <string_view>

namespace troupe::tools {

/// The keys of `type: http`.
config::Record<ToolSettings> http_section();

/// The keys that bound what a tool may ask and read, for http and openapi.
void add_exchange_keys(config::Record<ToolSettings>& tool);

/// What is wrong with the name of a header that an operator adds, or "".
std::string header_problem(std::string_view name);

}  // namespace troupe::tools

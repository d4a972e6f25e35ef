#pragma once

#include "gateway/settings.h"
#include "runtime/config/record.h"

#include <string>
#include <string_view>

namespace troupe::gateway {

/// The `server:` section.
config::Record<ServerSettings> section();

/// What is wrong with a listener ("HOST:PORT", `[::1]:7420`), or "". Beyond loopback it is refused without
/// tokens:
/// `--listen` is held to the same rule as the file.
std::string listen_problem(std::string_view listen, bool has_tokens);

}  // namespace troupe::gateway

#pragma once

#include "runtime/config/environment.h"

#include <expected>
#include <string>
#include <string_view>

namespace troupe::config {

/// The absolute, normalised form of a path written in a configuration: relative ones start at `folder`, `~`
/// and
/// `~/…` at HOME. The error is a reason ("HOME is not set"). Nothing is asked of the file system.
std::expected<std::string, std::string> resolve_path(std::string_view written, const std::string& folder,
                                                     const Environment& environment);

}  // namespace troupe::config

#pragma once

#include "runtime/config/environment.h"
#include "tools/settings.h"

#include <optional>
#include <string>
#include <vector>

namespace troupe::tools {

/// The names (`section/tool`) of the tools that a section will give, where that can be said without asking
/// anybody: of files, and of a document that can be read. Nothing where it cannot. Blocking.
std::optional<std::vector<std::string>> known_parts(const ToolSettings& settings,
                                                    const config::Environment& environment);

}  // namespace troupe::tools

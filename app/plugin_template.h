#pragma once

#include "runtime/base/result.h"

#include <filesystem>
#include <string>

namespace troupe::app {

/// Writes a plugin with one tool into the new folder `parent`/`name`: source, headers of this version, CMake
/// file, a configuration with an agent that uses it, a test and a README; for others to read where the user's
/// umask lets them. `language`: "c++" or "c". Returns what to do next, for people. Errors: invalid (the
/// name), conflict (the folder exists), store.
Result<std::string> write_plugin_template(const std::string& name, const std::string& language,
                                          const std::filesystem::path& parent);

}  // namespace troupe::app

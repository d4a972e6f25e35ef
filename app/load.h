#pragma once

#include "app/configuration.h"
#include "runtime/base/result.h"

#include <optional>
#include <string>

namespace troupe::app {

struct CommandConfiguration {
  Configuration configuration;
  std::string source;  ///< path it was read from, "" = the built-in demo
};

/// Loads what a command was pointed at (or what it finds, as `troupe serve` looks for it), sets up the log,
/// and prints every problem to stderr. Nothing when there was an error: the command ends with kUsage.
std::optional<CommandConfiguration> load_for_command(const std::string& path);

/// Reads `source` again, for a reload. Errors: invalid, with every problem in the message.
Result<Configuration> reload_configuration(const std::string& source);

}  // namespace troupe::app

#pragma once

#include "runtime/sandbox/confinement.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::plugins {

inline constexpr std::size_t kPluginFrameBytes = 16u << 20;  // of one message, either way

/// The first of two arguments with which this program is a plugin's worker instead of itself; the second is
/// the library's path.
inline constexpr std::string_view kWorkerArgument = "troupe-plugin-worker";

/// What main() does then, before anything else: loads the plugin and does what the daemon asks over its
/// standard input (message.h), until it hangs up. Returns the exit code; a plugin that cannot be loaded is
/// told to the daemon.
int serve_plugin(const std::string& library);

/// This very program as that plugin's worker. Another one that calls serve_plugin() does as well.
sandbox::Program worker_program(const std::string& library);

}  // namespace troupe::plugins

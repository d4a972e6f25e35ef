#pragma once

#include "plugins/troupe_plugin.h"
#include "runtime/base/clock.h"
#include "runtime/sandbox/shared_memory.h"

#include <atomic>
#include <cstdint>
#include <string>

namespace troupe::plugins {
class PluginRuntime;
}

/// A call as the plugin holds it. It stays in memory long after its end, so that a plugin that finishes it
/// twice is told so; see PluginRuntime.
struct troupe_call {
  troupe::plugins::PluginRuntime* runtime = nullptr;
  const troupe_service* service = nullptr;
  std::int64_t id = 0;
  std::string input;
  std::string body;
  troupe::sandbox::MemoryView memory;  ///< what is handed over instead of `body`, where it is shared
  std::string key;
  troupe::Instant deadline{};
  bool claimed = false;  ///< by who handles it, or ended it before; guarded by the runtime
  std::atomic<bool> cancelled{false};
  std::atomic<bool> finished{false};
};

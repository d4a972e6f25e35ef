#pragma once

#include "plugins/host/instance_pool.h"
#include "plugins/host/plugin_file.h"
#include "plugins/settings.h"
#include "runtime/net/http_client.h"
#include "runtime/sandbox/confinement.h"
#include "runtime/sandbox/shared_memory.h"
#include "runtime/sandbox/support.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace troupe::plugins {

/// A configured plugin: one version of its library under one configuration, and the workers that run it. Loop
/// thread only.
class Plugin {
 public:
  /// What it is made with. Outlives it.
  struct Services {
    Loop& loop;
    net::HttpClient* http = nullptr;  ///< guarded; never null when one is opened
    std::function<const sandbox::Support&()> support;
    const PluginFolder& folder;
    /// What runs a library in a process; by default this very program.
    std::function<sandbox::Program(const std::string& library)> program;
  };

  /// Loads a library that PluginFolder::take() has taken, once, to learn what it offers (in a process of its
  /// own, unless isolation is none), starts it (not without isolation: there it starts with its first call),
  /// and holds `config` against its schema. What it asks for and is not granted is a warning in the log.
  /// Errors: those of Instance::start(); invalid (the configuration, with every problem); unavailable (this
  /// machine cannot confine it).
  static Task<Result<std::unique_ptr<Plugin>>> open(const Services& services, PluginSettings settings,
                                                    PluginFile file, Stop& stop);
  /// The same for who will not call it: it is loaded and asked what it offers, and `config` is held against
  /// its schema; it is not started. Blocking, bounded
  /// by start_time; the loop of `services` need not run.
  static Result<std::unique_ptr<Plugin>> look_at(const Services& services, PluginSettings settings,
                                                 PluginFile file);
  /// drain() or close() must have returned when there was any call.
  ~Plugin();

  const PluginSettings& settings() const { return settings_; }
  const PluginDescription& description() const { return description_; }
  const PluginFile& file() const { return file_; }

  /// As InstancePool::call(). Errors begin with the plugin's name.
  Task<Result<PluginAnswer>> call(PluginCall call, CallContext& context,
                                  std::function<void(std::string_view)> part = nullptr);
  /// Starts a worker beside those of the pool, for who keeps it: it has `memory` (sealed) to read, which is
  /// not counted to limits.memory, see PluginCall::memory. This outlives it. Errors: as Instance::start();
  /// invalid (without isolation there is no other worker).
  Task<Result<std::unique_ptr<Instance>>> start_alone(std::shared_ptr<const sandbox::SharedMemory> memory,
                                                      Stop& stop);
  Task<> drain();
  Task<> close();
  InstancePool::Counts counts() const { return pool_->counts(); }

 private:
  Plugin(PluginSettings settings, PluginFile file);
  Result<LineMaker> lines(const Services& services, Loop& loop,
                          std::shared_ptr<const sandbox::SharedMemory> memory = nullptr) const;
  Task<Result<PluginDescription>> describe(const Services& services, Loop& loop, bool start,
                                           Stop& stop) const;
  Result<> furnish(const Services& services, Result<PluginDescription> description);

  const PluginSettings settings_;
  const PluginFile file_;
  PluginDescription description_;
  std::unique_ptr<GrantedHttp> http_;  ///< null: no host is granted
  std::optional<Services> services_;   ///< what it was furnished with
  InstanceSettings instance_;
  std::unique_ptr<InstancePool> pool_;
};

}  // namespace troupe::plugins

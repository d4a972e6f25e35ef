#include "plugins/host/plugin.h"

#include "plugins/host/fitting.h"
#include "plugins/host/plugin_confinement.h"
#include "plugins/host/process_line.h"
#include "plugins/host/thread_line.h"
#include "runtime/async/run_task.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

Secrets secrets_of(const PluginSettings& settings) {
  Secrets secrets;
  for (const auto& [name, value] : settings.secrets) secrets.add(value);
  return secrets;
}

InstanceSettings instance_settings(const PluginSettings& settings, GrantedHttp* http) {
  Json config = settings.config;
  if (!settings.secrets.empty()) config["secrets"] = settings.secrets;
  return {.name = settings.name,
          .config = dump(config),
          .accept =
              [config = settings.config](const PluginDescription& loaded) {
                return check_fits(config, loaded.config_schema, "config");
              },
          .http = http,
          .start_time = settings.start_time,
          .secrets = secrets_of(settings)};
}

PoolSettings pool_settings(const PluginSettings& settings) {
  if (settings.isolation != "none") return {.workers = static_cast<std::size_t>(settings.workers)};
  // There is one of it in the process, from the first call to the last.
  return {.workers = 1, .calls = std::numeric_limits<std::size_t>::max(), .idle = std::chrono::years(10)};
}

/// Libraries that compute start a thread for each processor when they are loaded, which may be more than it
/// is granted, and more than there is work for.
std::vector<std::string> bounds_of_threads(const PluginSettings& settings) {
  const unsigned machine = std::max(std::thread::hardware_concurrency(), 1u);
  const unsigned most = std::clamp(static_cast<unsigned>(settings.grant.threads), 1u, machine);
  return {fmt::format("OMP_NUM_THREADS={}", most), fmt::format("OPENBLAS_NUM_THREADS={}", most)};
}

/// What it asks for and does not get: it may work without, and its author may tell why it does not.
void tell_what_is_not_granted(const PluginSettings& settings, const PluginDescription& description) {
  const Json* hosts = find(description.permissions, "hosts");
  if (!hosts || !hosts->is_array()) return;
  for (const Json& host : *hosts)
    if (host.is_string() &&
        std::ranges::find(settings.grant.hosts, host.get<std::string>()) == settings.grant.hosts.end())
      log::warn("plugin asks for a host that is not granted",
                {{"plugin", settings.name}, {"host", host.get<std::string>()}});
}

}  // namespace

Plugin::Plugin(PluginSettings settings, PluginFile file)
    : settings_(std::move(settings)), file_(std::move(file)) {}

Plugin::~Plugin() = default;

Task<Result<std::unique_ptr<Plugin>>> Plugin::open(const Services& services, PluginSettings settings,
                                                   PluginFile file, Stop& stop) {
  std::unique_ptr<Plugin> plugin(new Plugin(std::move(settings), std::move(file)));
  if (!plugin->settings_.grant.hosts.empty())
    plugin->http_ = std::make_unique<GrantedHttp>(*services.http, plugin->settings_.grant.hosts);
  auto description = co_await plugin->describe(services, services.loop, true, stop);
  if (auto done = plugin->furnish(services, std::move(description)); !done)
    co_return fail(std::move(done.error()));
  co_return plugin;
}

Result<std::unique_ptr<Plugin>> Plugin::look_at(const Services& services, PluginSettings settings,
                                                PluginFile file) {
  std::unique_ptr<Plugin> plugin(new Plugin(std::move(settings), std::move(file)));
  std::optional<Result<PluginDescription>> seen;
  Loop loop(services.loop.clock());
  const auto look = [&]() -> Task<int> {
    Stop stop;
    seen = co_await plugin->describe(services, loop, false, stop);
    co_return 0;
  };
  run_task(loop, look());
  if (auto done = plugin->furnish(services, std::move(*seen)); !done) return fail(std::move(done.error()));
  return plugin;
}

Result<> Plugin::furnish(const Services& services, Result<PluginDescription> description) {
  if (!description) return fail(std::move(description.error()));
  description_ = std::move(*description);
  tell_what_is_not_granted(settings_, description_);
  auto make = lines(services, services.loop);
  if (!make) return fail(std::move(make.error()));
  services_.emplace(services);
  instance_ = instance_settings(settings_, http_.get());
  // What was looked at is what runs: calls are made by the place of a service among the others.
  instance_.accept = [known = dump(to_json(description_))](const PluginDescription& loaded) -> Result<> {
    if (dump(to_json(loaded)) == known) return {};
    return fail(ErrorCode::protocol, "it describes itself otherwise than when it was loaded first");
  };
  pool_ =
      std::make_unique<InstancePool>(services.loop, std::move(*make), instance_, pool_settings(settings_));
  return {};
}

Result<LineMaker> Plugin::lines(const Services& services, Loop& loop,
                                std::shared_ptr<const sandbox::SharedMemory> memory) const {
  if (settings_.isolation == "none") {
    auto library = PluginLibrary::open(file_.path);
    if (!library) return within(fmt::format("plugin {}", settings_.name), std::move(library.error()));
    return thread_lines(loop, std::make_shared<const PluginLibrary>(std::move(*library)));
  }
  const sandbox::Support& support = services.support();
  if (sandbox::level(support) == sandbox::Level::none)
    return fail(
        ErrorCode::unavailable,
        fmt::format("plugin {} could not be confined on this machine ({}); `isolation: none` runs it in "
                    "the daemon, where it may do whatever the daemon may",
                    settings_.name, sandbox::describe(support)));
  sandbox::Confinement confinement = confinement_of(settings_, file_.path);
  if (memory && confinement.address_space > 0) confinement.address_space += memory->size();
  sandbox::Program program = services.program(file_.path);
  std::ranges::copy(bounds_of_threads(settings_), std::back_inserter(program.environment));
  // How it ends is told to agents and people, who have not heard of this program.
  auto cage =
      sandbox::Cage::make(support, confinement, std::move(program), fmt::format("plugin {}", settings_.name));
  if (!cage) return within(fmt::format("plugin {}", settings_.name), std::move(cage.error()));
  return process_lines(loop, std::make_shared<const sandbox::Cage>(std::move(*cage)), std::move(memory));
}

Task<Result<std::unique_ptr<Instance>>> Plugin::start_alone(
    std::shared_ptr<const sandbox::SharedMemory> memory, Stop& stop) {
  if (settings_.isolation == "none")
    co_return fail(ErrorCode::invalid, fmt::format("plugin {} runs in the daemon (`isolation: none`) and not "
                                                   "in workers of its own",
                                                   settings_.name));
  auto make = lines(*services_, services_->loop, std::move(memory));
  if (!make) co_return fail(std::move(make.error()));
  co_return co_await Instance::start(services_->loop, *make, instance_, stop);
}

Task<Result<PluginDescription>> Plugin::describe(const Services& services, Loop& loop, bool start,
                                                 Stop& stop) const {
  if (settings_.isolation == "none") {
    auto library = PluginLibrary::open(file_.path);
    if (!library) co_return within(fmt::format("plugin {}", settings_.name), std::move(library.error()));
    if (auto good = check_fits(settings_.config, library->description().config_schema, "config"); !good)
      co_return within(fmt::format("plugin {}", settings_.name), std::move(good.error()));
    co_return library->description();
  }
  auto make = lines(services, loop);
  if (!make) co_return fail(std::move(make.error()));
  InstanceSettings settings = instance_settings(settings_, http_.get());
  std::optional<PluginDescription> seen;
  if (!start)
    settings.accept = [&seen, fits = settings.accept](const PluginDescription& loaded) -> Result<> {
      if (auto good = fits(loaded); !good) return good;
      seen = loaded;
      return fail(ErrorCode::cancelled, "nobody is going to call it");
    };
  auto instance = co_await Instance::start(loop, *make, settings, stop);
  if (seen) co_return std::move(*seen);
  if (!instance) co_return fail(std::move(instance.error()));
  PluginDescription description = (*instance)->description();
  co_await (*instance)->end();
  co_return description;
}

Task<Result<PluginAnswer>> Plugin::call(PluginCall call, CallContext& context,
                                        std::function<void(std::string_view)> part) {
  co_return co_await pool_->call(std::move(call), context, std::move(part));
}

Task<> Plugin::drain() {
  co_await pool_->drain();
}

Task<> Plugin::close() {
  co_await pool_->close();
}

}  // namespace troupe::plugins

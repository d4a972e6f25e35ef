#include "plugins/host/plugin.h"

#include "plugins/host/plugin_confinement.h"
#include "plugins/host/process_line.h"
#include "plugins/host/thread_line.h"
#include "runtime/async/run_task.h"
#include "runtime/telemetry/log.h"
#include "tools/json_schema.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

Result<> check_config(const Json& config, const PluginDescription& description) {
  if (description.config_schema.is_null()) {
    if (config.empty()) return {};
    return fail(ErrorCode::invalid, "it takes no `config`");
  }
  auto schema = tools::JsonSchema::compile(description.config_schema);
  if (!schema) return fail(std::move(schema.error()));
  auto good = schema->check(config);
  if (!good) return within("its `config`", std::move(good.error()));
  return {};
}

InstanceSettings instance_settings(const PluginSettings& settings, GrantedHttp* http) {
  Json config = settings.config;
  if (!settings.secrets.empty()) config["secrets"] = settings.secrets;
  return {.name = settings.name,
          .config = dump(config),
          .accept = [config = settings.config](
                        const PluginDescription& loaded) { return check_config(config, loaded); },
          .http = http,
          .start_time = settings.start_time};
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

Result<std::unique_ptr<Plugin>> Plugin::open(const Services& services, PluginSettings settings,
                                             Opening opening) {
  auto file = services.folder.take(settings);
  if (!file) return within(fmt::format("plugin {}", settings.name), std::move(file.error()));
  std::unique_ptr<Plugin> plugin(new Plugin(std::move(settings), std::move(*file)));
  if (!plugin->settings_.grant.hosts.empty())
    plugin->http_ = std::make_unique<GrantedHttp>(services.http, plugin->settings_.grant.hosts);
  auto description = plugin->describe(services, opening);
  if (!description) return fail(std::move(description.error()));
  plugin->description_ = std::move(*description);
  tell_what_is_not_granted(plugin->settings_, plugin->description_);
  auto make = plugin->lines(services, services.loop);
  if (!make) return fail(std::move(make.error()));
  plugin->pool_ = std::make_unique<InstancePool>(
      services.loop, std::move(*make), instance_settings(plugin->settings_, plugin->http_.get()),
      PoolSettings{.workers = static_cast<std::size_t>(plugin->settings_.workers)});
  return plugin;
}

Result<LineMaker> Plugin::lines(const Services& services, Loop& loop) const {
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
  auto cage =
      sandbox::Cage::make(support, confinement_of(settings_, file_.path), services.program(file_.path));
  if (!cage) return within(fmt::format("plugin {}", settings_.name), std::move(cage.error()));
  return process_lines(loop, std::make_shared<const sandbox::Cage>(std::move(*cage)));
}

// On a loop of its own, since the daemon's may stand still meanwhile, or not run yet.
Result<PluginDescription> Plugin::describe(const Services& services, Opening opening) const {
  if (settings_.isolation == "none") {
    auto library = PluginLibrary::open(file_.path);
    if (!library) return within(fmt::format("plugin {}", settings_.name), std::move(library.error()));
    if (auto good = check_config(settings_.config, library->description()); !good)
      return within(fmt::format("plugin {}", settings_.name), std::move(good.error()));
    return library->description();
  }
  Loop loop(services.loop.clock());
  auto make = lines(services, loop);
  if (!make) return fail(std::move(make.error()));
  InstanceSettings settings = instance_settings(settings_, http_.get());
  std::optional<Result<PluginDescription>> seen;
  if (opening == Opening::look)
    settings.accept = [&seen](const PluginDescription& loaded) -> Result<> {
      seen = loaded;
      return fail(ErrorCode::cancelled, "nobody is going to call it");
    };
  const auto look = [&]() -> Task<int> {
    Stop stop;
    auto instance = co_await Instance::start(loop, *make, settings, stop);
    if (instance) {
      seen = (*instance)->description();
      co_await (*instance)->end();
    } else if (!seen) {
      seen = fail(std::move(instance.error()));
    }
    co_return 0;
  };
  run_task(loop, look());
  return std::move(*seen);
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

#include "plugins/plugin_loader.h"

#include "memory/knowledge/ingest/read_turns.h"
#include "plugins/services.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

class PluginLoader final : public memory::ExternalLoader {
 public:
  PluginLoader(Loop& loop, std::shared_ptr<Plugin> plugin, std::size_t service,
               memory::loaders::LoaderFormats formats)
      : loop_(loop),
        plugin_(std::move(plugin)),
        service_(service),
        name_(fmt::format("{}/{}", plugin_->settings().name, told().name)),
        version_(fmt::format("{} {} {}", plugin_->description().name, plugin_->description().version,
                             told().version)),
        formats_(std::move(formats)),
        turns_(loop, at_once()) {}

  const std::string& name() const override { return name_; }
  const std::string& format() const override { return told().name; }
  const std::string& version() const override { return version_; }
  const memory::loaders::LoaderFormats& formats() const override { return formats_; }

  Task<Result<std::string>> load(memory::ReadRequest request, Milliseconds time,
                                 CallContext& context) override {
    if (request.bytes.size() > kPluginFileBytes)
      co_return fail(ErrorCode::too_large, fmt::format("it has {} bytes; a plugin is given at most {}",
                                                       request.bytes.size(), kPluginFileBytes));
    const auto turn = co_await turns_.take(context.stop);
    if (!turn)
      co_return fail(stopped(fmt::format("plugin {}", plugin_->settings().name), context.stop.reason()));
    if (told().timeout.count() > 0) time = std::min(time, told().timeout);
    CallContext own = context;
    own.deadline = own.deadline.sooner(Deadline::after(loop_.clock(), time));
    const Json input = {{"source", request.source}, {"type", request.content_type}};
    auto answer = co_await plugin_->call(
        {.service = service_, .input = dump(input), .body = std::move(request.bytes)}, own);
    if (!answer) co_return fail(named(*plugin_, std::move(answer.error())));
    co_return std::move(answer->text);
  }

 private:
  const ServiceDescription& told() const { return plugin_->description().services[service_]; }
  // As many as find a worker at once: the time of a document begins with its call.
  std::size_t at_once() const {
    if (plugin_->settings().isolation == "none") return plugin_->description().concurrent;
    return static_cast<std::size_t>(plugin_->settings().workers) * plugin_->description().concurrent;
  }

  Loop& loop_;
  const std::shared_ptr<Plugin> plugin_;
  const std::size_t service_;
  const std::string name_;
  const std::string version_;
  const memory::loaders::LoaderFormats formats_;
  memory::ReadTurns turns_;
};

}  // namespace

std::vector<std::shared_ptr<memory::ExternalLoader>> make_plugin_loaders(Loop& loop,
                                                                         const PluginTable& plugins) {
  std::vector<std::shared_ptr<memory::ExternalLoader>> all;
  for (const auto& [name, plugin] : plugins) {
    const std::vector<ServiceDescription>& services = plugin->description().services;
    for (std::size_t i = 0; i < services.size(); ++i) {
      if (services[i].kind != kLoaderKind) continue;
      // Whether they can be read was looked at when the plugin was opened.
      if (auto formats = memory::loaders::read_formats(services[i].features))
        all.push_back(std::make_shared<PluginLoader>(loop, plugin, i, std::move(*formats)));
    }
  }
  return all;
}

}  // namespace troupe::plugins

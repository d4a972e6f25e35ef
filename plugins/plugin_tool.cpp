#include "plugins/plugin_tool.h"

#include <cassert>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

Json no_arguments() {
  return {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
}

class PluginTool final : public tools::Tool {
 public:
  PluginTool(std::shared_ptr<Plugin> plugin, std::size_t service, std::string name, std::string description)
      : plugin_(std::move(plugin)), service_(service) {
    const ServiceDescription& told = service_description();
    spec_.declaration.name = std::move(name);
    spec_.declaration.description = description.empty() ? told.description : std::move(description);
    spec_.declaration.schema = dump(told.input_schema.is_null() ? no_arguments() : told.input_schema);
    spec_.effect = told.effect;
    spec_.timeout = told.timeout;
    spec_.version = told.version;
  }

  const tools::ToolSpec& spec() const override { return spec_; }

  Task<Result<tools::ToolOutput>> call(tools::ToolInput input, CallContext& context) override {
    auto answer = co_await plugin_->call(
        {.service = service_, .input = dump(input.arguments), .key = std::move(input.idempotency_key)},
        context);
    if (!answer) co_return fail(std::move(answer.error()));
    co_return tools::ToolOutput{.text = std::move(answer->text)};
  }

  Task<Result<tools::CallStatus>> status(std::string key, CallContext& context) override {
    if (!service_description().can("status")) co_return tools::CallStatus{};
    auto answer = co_await plugin_->call(
        {.service = service_, .input = dump(Json{{"troupe_status", key}}), .key = key}, context);
    if (!answer) co_return fail(std::move(answer.error()));
    auto told = parse_json(answer->text);
    if (!told) co_return within("what it says of the call", std::move(told.error()));
    const std::string state = string_or(*told, "state");
    tools::CallStatus status;
    if (state == "done") status.kind = tools::CallStatus::Kind::done;
    if (state == "not_done") status.kind = tools::CallStatus::Kind::not_done;
    status.output.text = string_or(*told, "text");
    co_return status;
  }

 private:
  const ServiceDescription& service_description() const { return plugin_->description().services[service_]; }

  const std::shared_ptr<Plugin> plugin_;
  const std::size_t service_;
  tools::ToolSpec spec_;
};

}  // namespace

std::shared_ptr<tools::Tool> make_plugin_tool(std::shared_ptr<Plugin> plugin, const std::string& tool,
                                              std::string name, std::string description) {
  const auto& services = plugin->description().services;
  const ServiceDescription* found = plugin->description().find("tool", tool);
  assert(found && "the caller has looked");
  return std::make_shared<PluginTool>(plugin, static_cast<std::size_t>(found - services.data()),
                                      std::move(name), std::move(description));
}

}  // namespace troupe::plugins

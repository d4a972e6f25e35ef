#include "agents/guardrails/plugin_judge.h"

#include "agents/guardrails/limits.h"
#include "agents/guardrails/rule.h"
#include "plugins/host/fitting.h"
#include "plugins/services.h"
#include "plugins/verdict.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

class PluginJudge final : public models::Model {
 public:
  PluginJudge(std::shared_ptr<plugins::Plugin> plugin, std::size_t service, std::string name)
      : plugin_(std::move(plugin)), service_(service), name_(std::move(name)) {
    const Milliseconds own = plugin_->description().services[service_].timeout;
    time_ = own.count() > 0 ? own : Milliseconds(limits::kPluginVerdictTime);
  }

  const std::string& name() const override { return name_; }

  Task<Result<models::ModelReply>> complete(models::ModelRequest request, models::TokenSink& sink,
                                            CallContext& context) override {
    Json input = Json::object();
    for (const models::Message& message : request.transcript->messages()) {
      auto part = parse_json(message.content);
      if (!part || !part->is_object())
        co_return fail(ErrorCode::internal, "a plugin was to judge what is no JSON object");
      input.update(*part);
    }
    CallContext own = context;
    own.deadline = own.deadline.sooner(Deadline::after(context.loop.clock(), time_));
    auto answer = co_await plugin_->call({.service = service_, .input = dump(input)}, own);
    if (!answer) co_return fail(plugins::named(*plugin_, std::move(answer.error())));
    auto verdict = plugins::read_verdict(answer->text);
    if (!verdict) co_return fail(plugins::named(*plugin_, std::move(verdict.error())));
    sink.on_text(*verdict);
    co_return models::ModelReply{.text = std::move(*verdict)};
  }

 private:
  const std::shared_ptr<plugins::Plugin> plugin_;
  const std::size_t service_;
  const std::string name_;
  Milliseconds time_{0};
};

}  // namespace

Result<std::shared_ptr<models::Model>> make_plugin_judge(const RuleSettings& rule,
                                                         const plugins::PluginTable& plugins) {
  auto found = plugins::find_service(plugins, rule.plugin, kGuardrailKind, rule.rule, "rule");
  if (!found) return fail(std::move(found.error()));
  const plugins::ServiceDescription& service = found->description();
  if (auto fits = plugins::check_fits(rule.plugin_settings, service.input_schema, "settings"); !fits)
    return within(fmt::format("guardrail `{}` of plugin `{}`", service.name, rule.plugin),
                  std::move(fits.error()));
  return std::make_shared<PluginJudge>(std::move(found->plugin), found->service, judge_name(rule));
}

}  // namespace troupe::agents

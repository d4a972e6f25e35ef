#pragma once

#include "plugins/host/plugin.h"
#include "runtime/base/context.h"

#include <functional>
#include <string>
#include <string_view>

namespace troupe::plugins {

/// A call that is given up when the plugin says nothing for too long: neither a piece of its answer nor how
/// far it is. On the stack of who makes it; loop thread.
class ServiceCall {
 public:
  /// `idle`: how long it may be silent. `longest`: the whole call, 0: as `context` says.
  ServiceCall(CallContext& context, Milliseconds idle, Milliseconds longest);

  /// Once. `part` as InstancePool::call().
  Task<Result<PluginAnswer>> make(Plugin& plugin, PluginCall call,
                                  std::function<void(std::string_view)> part = nullptr);

  /// Ends it early; make() returns soon. Does nothing once it has returned.
  void stop() { stop_.request(StopReason::budget); }
  bool was_stopped() const { return stop_.reason() == StopReason::budget && !silent_; }

 private:
  /// What it says of its progress is for nobody here, but it is a sign of life.
  class Signs final : public EventSink {
   public:
    explicit Signs(ServiceCall& call) : call_(call) {}
    void publish(Event) override { call_.sign(); }

   private:
    ServiceCall& call_;
  };

  void sign() { last_sign_ = context_.loop.clock().now(); }
  void watch();

  CallContext& context_;
  const Milliseconds idle_;
  const Deadline deadline_;
  Stop stop_;
  Signs signs_{*this};
  Instant last_sign_;
  Loop::Alarm alarm_;
  bool silent_ = false;
};

/// The error of a service of a plugin in the terms of the floor of models: what may pass is retryable, and
/// nothing of it is `cancelled` that nobody here cancelled.
Error provider_error(Error error);

}  // namespace troupe::plugins

#include "plugins/service_call.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

Deadline within_time(const CallContext& context, Milliseconds longest) {
  if (longest <= Milliseconds::zero()) return context.deadline;
  return context.deadline.sooner(Deadline::after(context.loop.clock(), longest));
}

}  // namespace

ServiceCall::ServiceCall(CallContext& context, Milliseconds idle, Milliseconds longest)
    : context_(context),
      idle_(idle),
      deadline_(within_time(context, longest)),
      stop_(context.stop),
      last_sign_(context.loop.clock().now()) {}

void ServiceCall::watch() {
  alarm_ = context_.loop.at(last_sign_ + idle_, [this] {
    if (context_.loop.clock().now() < last_sign_ + idle_) return watch();
    silent_ = !stop_.requested();
    stop_.request(StopReason::budget);
  });
}

Task<Result<PluginAnswer>> ServiceCall::make(Plugin& plugin, PluginCall call,
                                             std::function<void(std::string_view)> part) {
  CallContext inner{context_.loop,    stop_,        deadline_,      signs_,       context_.principal,
                    context_.session, context_.run, context_.agent, context_.step};
  watch();
  std::function<void(std::string_view)> heard;
  if (part)
    heard = [this, &part](std::string_view text) {
      sign();
      part(text);
    };
  auto answer = co_await plugin.call(std::move(call), inner, std::move(heard));
  alarm_.reset();
  if (answer || !silent_ || context_.stop.requested()) co_return answer;
  Error error{ErrorCode::timeout, fmt::format("it said nothing for {} s; a plugin that needs longer says how "
                                              "far it is, or `timeout` is longer",
                                              static_cast<double>(idle_.count()) / 1000)};
  error.retryable = true;
  co_return fail(std::move(error));
}

Error provider_error(Error error) {
  const auto refused = [&error](int status) {
    error.code = ErrorCode::model;
    error.status = status;
  };
  switch (error.code) {
    case ErrorCode::timeout:
    case ErrorCode::busy:
    case ErrorCode::unavailable:
    case ErrorCode::too_large:
    case ErrorCode::protocol:
      break;
    case ErrorCode::invalid:
      refused(400);
      break;
    case ErrorCode::denied:
      refused(403);
      break;
    default:
      error.code = ErrorCode::model;
  }
  return error;
}

}  // namespace troupe::plugins

#include "plugins/host/host_functions.h"

#include "plugins/host/plugin_runtime.h"

#include <algorithm>
#include <string_view>

#ifndef TROUPE_VERSION
#error "TROUPE_VERSION is the version of the project"
#endif

namespace troupe::plugins {

namespace {

constexpr std::size_t kLogBytes = 4u << 10;  // of one line

std::string at_most(troupe_span text, std::size_t most) {
  return text.data ? std::string(text.data, std::min<std::size_t>(text.size, most)) : std::string();
}

}  // namespace

/// Each is called by a plugin, on any of its threads. No exception leaves them.
struct HostFunctions {
  template <class Work>
  static troupe_status guarded(Work work) noexcept {
    try {
      return work();
    } catch (...) {
      return TROUPE_TOO_LARGE;  // no memory
    }
  }

  static troupe_span input(const troupe_call* call) { return {call->input.data(), call->input.size()}; }
  static troupe_span body(const troupe_call* call) {
    const std::string_view shared = call->memory.bytes();
    return shared.empty() ? troupe_span{call->body.data(), call->body.size()}
                          : troupe_span{shared.data(), shared.size()};
  }
  static troupe_span key(const troupe_call* call) { return {call->key.data(), call->key.size()}; }

  static std::uint64_t time_left(const troupe_call* call) {
    if (call->deadline == Instant::max()) return UINT64_MAX;
    const auto left = std::chrono::duration_cast<Milliseconds>(call->deadline - SystemClock().now());
    return left.count() > 0 ? static_cast<std::uint64_t>(left.count()) : 0;
  }

  static std::int32_t cancelled(const troupe_call* call) { return call->cancelled ? 1 : 0; }

  static troupe_status progress(troupe_call* call, troupe_span text, double fraction) {
    if (!call) return TROUPE_INVALID;
    const bool known = fraction >= 0 && fraction <= 1;
    return guarded([&] {
      return call->runtime->say(*call, "progress",
                                {.head = {{"fraction", known ? Json(fraction) : Json(nullptr)}},
                                 .text = at_most(text, kPluginProgressBytes)});
    });
  }

  static troupe_status part(troupe_call* call, troupe_span text) {
    if (!call) return TROUPE_INVALID;
    if (text.size > kPluginAnswerBytes) return TROUPE_TOO_LARGE;
    return guarded([&]() -> troupe_status {
      const troupe_status said =
          call->runtime->say(*call, "part", {.text = at_most(text, kPluginAnswerBytes)});
      return said == TROUPE_OK && call->cancelled ? TROUPE_CANCELLED : said;
    });
  }

  static troupe_status finish(troupe_call* call, troupe_status status, troupe_span answer, troupe_span body) {
    if (!call) return TROUPE_INVALID;
    return guarded([&] { return call->runtime->finish(*call, status, answer, body); });
  }

  static void log(const troupe_host* host, std::int32_t level, troupe_span text) {
    guarded([&]() -> troupe_status {
      runtime_of(host).send_({.head = {{"is", "log"}, {"level", level}}, .text = at_most(text, kLogBytes)});
      return TROUPE_OK;
    });
  }

  static troupe_status http_start(troupe_call* call, const troupe_http_request* request,
                                  troupe_http_done done, void* user) {
    if (!call || !request) return TROUPE_INVALID;
    return guarded([&] { return call->runtime->begin_http(*call, *request, done, user, false); });
  }

  static troupe_status http_fetch(troupe_call* call, const troupe_http_request* request,
                                  troupe_http_done done, void* user) {
    if (!call || !request) return TROUPE_INVALID;
    return guarded([&] { return call->runtime->begin_http(*call, *request, done, user, true); });
  }

  static const void* capability(const troupe_host* host, const char* id) {
    static constexpr troupe_calls calls{.struct_size = TROUPE_SIZE(troupe_calls),
                                        .reserved = 0,
                                        .input = input,
                                        .body = body,
                                        .key = key,
                                        .time_left = time_left,
                                        .cancelled = cancelled,
                                        .progress = progress,
                                        .part = part,
                                        .finish = finish};
    static constexpr troupe_log log_table{
        .struct_size = TROUPE_SIZE(troupe_log), .reserved = 0, .write = log};
    static constexpr troupe_http http{
        .struct_size = TROUPE_SIZE(troupe_http), .reserved = 0, .start = http_start, .fetch = http_fetch};
    if (!id) return nullptr;
    const std::string_view asked(id);
    if (asked == TROUPE_CALLS) return &calls;
    if (asked == TROUPE_LOG) return &log_table;
    if (asked == TROUPE_HTTP && runtime_of(host).http_granted_) return &http;
    return nullptr;
  }

  static PluginRuntime& runtime_of(const troupe_host* host) {
    return *reinterpret_cast<const HostTable*>(host)->runtime;
  }
};

HostTable make_host_table(PluginRuntime& runtime) {
  return {.host = {.struct_size = TROUPE_SIZE(troupe_host),
                   .abi = TROUPE_ABI,
                   .capability = HostFunctions::capability,
                   .version = TROUPE_VERSION},
          .runtime = &runtime};
}

}  // namespace troupe::plugins

#pragma once

#include "plugins/host/library.h"
#include "plugins/host/live_call.h"
#include "plugins/host/message.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace troupe::plugins {

inline constexpr std::size_t kPluginAnswerBytes = 8u << 20;      // of one finish, text and body
inline constexpr std::size_t kPluginProgressBytes = 4u << 10;    // of one line
inline constexpr std::size_t kPluginHttpHeadBytes = 256u << 10;  // of a request: method, URL, headers
inline constexpr std::size_t kPluginHttpAtOnce = 16;             // requests of one call

/// What stands between a plugin and the daemon, in whatever process the plugin is: the host's side of
/// plugins/troupe_plugin.h on one hand, messages (message.h) on the other.
///
/// Three kinds of threads: run() is the plugin's own; take() and close() are those of whoever reads what the
/// daemon says, one at a time; everything that a plugin calls comes from any. `send` is called from all of
/// them.
class PluginRuntime {
 public:
  /// `library` outlives it, and it outlives every thread of the plugin: in the daemon it is never destroyed.
  PluginRuntime(const PluginLibrary& library, std::function<void(Message)> send);
  ~PluginRuntime();
  PluginRuntime(const PluginRuntime&) = delete;
  PluginRuntime& operator=(const PluginRuntime&) = delete;

  /// What the daemon says. Errors: protocol, for what makes no sense: nobody goes on with such a daemon.
  Result<> take(Message message);
  /// The daemon has hung up: calls are cancelled, run() returns soon.
  void close();

  /// Says what was loaded, then does what the daemon asks, until `stop` or close(). The plugin's thread.
  void run();

 private:
  friend struct HostFunctions;
  struct HttpRequest;
  struct Host;
  struct Work {
    bool start = false;
    bool stop = false;
    Message message;
    troupe_call* call = nullptr;
  };

  void start(const Message& message);
  void handle(troupe_call& call);
  Result<> take_call(Message message);
  void cancel(std::int64_t id);
  void take_answer(Message message);
  void push(Work work);
  troupe_call* live(std::int64_t id);

  // What the plugin calls.
  troupe_status finish(troupe_call& call, troupe_status status, troupe_span answer, troupe_span body);
  troupe_status finish_once(troupe_call& call, troupe_status status, troupe_span answer, troupe_span body);
  troupe_status say(troupe_call& call, const char* what, Message message);
  troupe_status begin_http(troupe_call& call, const troupe_http_request& request, troupe_http_done done,
                           void* user, bool wait);

  const PluginLibrary& library_;
  const std::function<void(Message)> send_;
  std::unique_ptr<Host> host_;
  bool http_granted_ = false;  ///< set by start, before the plugin can ask

  std::mutex mutex_;  ///< what follows
  std::condition_variable wake_;
  std::deque<Work> work_;
  bool closed_ = false;
  std::unordered_map<std::int64_t, troupe_call*> live_;
  std::deque<std::unique_ptr<troupe_call>> calls_;  ///< also ended ones, the newest of them
  std::unordered_map<std::int64_t, std::shared_ptr<HttpRequest>> http_;
  std::int64_t http_id_ = 0;
};

}  // namespace troupe::plugins

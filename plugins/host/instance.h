#pragma once

#include "plugins/host/description.h"
#include "plugins/host/granted_http.h"
#include "plugins/host/plugin_line.h"
#include "runtime/async/loop.h"
#include "runtime/async/one_shot.h"
#include "runtime/base/context.h"
#include "runtime/base/secret.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace troupe::plugins {

/// One call of a service, as the plugin will see it.
struct PluginCall {
  std::size_t service = 0;  ///< in the order of the description
  std::string input;        ///< JSON
  std::string body;
  std::string key;
  /// Asking it again does nothing more: when the worker dies of it, the error is a retryable `unavailable`.
  /// An answer that is too large is `protocol` then, so that `too_large` is left to the input.
  bool repeatable = false;
  Milliseconds grace{0};  ///< at least so long it may take to end once it was cancelled
  /// Bytes of the memory that what runs it was started with (process_lines()), which are the body then. For
  /// one call of its life: it is unmapped with the call's end.
  std::size_t memory = 0;
};

struct PluginAnswer {
  std::string text;
  std::string body;
};

/// What an instance is started with. Outlives it.
struct InstanceSettings {
  std::string name;           ///< of the plugin in the configuration, for messages and the log
  std::string config = "{}";  ///< JSON
  /// Looks at what was loaded, before it is told its configuration; an error ends it. Null: anything goes.
  std::function<Result<>(const PluginDescription&)> accept{};
  GrantedHttp* http = nullptr;         ///< null: it may reach nobody
  Milliseconds start_time{10'000};     ///< until it is ready
  Milliseconds cancel_grace{20};       ///< for a call that was cancelled to end by itself
  Milliseconds end_grace{500};         ///< for a plugin that is no longer needed to end by itself
  std::size_t progress_lines = 1'000;  ///< of one call; more are passed over
  /// Of one call, messages and bytes beside its answer, after which the plugin is killed: nobody sends so
  /// many for a reason. The same bounds what it sends between two answers that is of no call.
  std::size_t messages = 20'000;
  std::size_t bytes = 64u << 20;
  std::size_t parts = 100'000;    ///< of one streamed answer, beside its messages; they count among the bytes
  std::size_t log_lines = 1'000;  ///< between two answers; more are passed over
  Secrets secrets{};              ///< never in what it logs, answers or fails with
};

/// One life of a plugin: from the start of what runs it to its end. Once anything went wrong it is dead and
/// stays so. Loop thread only.
class Instance {
 public:
  /// Starts it and waits until it is ready. Errors: unavailable (it cannot be loaded, or says that it cannot
  /// work: its words), invalid (it is no plugin), timeout, cancelled, tool (it crashed), protocol.
  static Task<Result<std::unique_ptr<Instance>>> start(Loop& loop, const LineMaker& make,
                                                       const InstanceSettings& settings, Stop& stop);
  /// end() must have returned.
  ~Instance() = default;
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  const PluginDescription& description() const { return description_; }

  /// Makes a call and waits for its end. `part` is given the pieces of a streamed answer.
  /// Errors: what the plugin finished with (tool, invalid, denied, busy, unavailable, too_large, by its
  /// words); timeout and cancelled: it has ended, by itself within the grace or killed; tool and protocol
  /// when the plugin died of this call or of another.
  Task<Result<PluginAnswer>> call(PluginCall call, CallContext& context,
                                  std::function<void(std::string_view)> part = nullptr);

  bool alive() const { return !why_dead_; }
  std::size_t at_work() const { return calls_.size(); }
  std::size_t answered() const { return answered_; }
  /// Finishes of calls that had been finished before.
  std::size_t finished_again() const { return again_; }
  /// The most memory that what runs it has had so far, in KiB; 0 when it does not say.
  Task<std::int64_t> peak_memory();

  Task<> end();

 private:
  struct Live;
  Instance(Loop& loop, const InstanceSettings& settings);

  void take(Message message);
  void take_finish(Live& live, Message message);
  void take_http(Live* live, Message message);
  void die(Error why);
  bool too_much(Live* live, const Message& message);
  void kill(std::string_view why, ErrorCode code);
  std::string clean(std::string_view text, std::size_t most) const;
  void log(std::int64_t level, std::string_view text) const;

  Loop& loop_;
  const InstanceSettings& settings_;
  PluginDescription description_;
  std::unique_ptr<PluginLine> line_;
  std::optional<Error> why_dead_;
  OneShot<bool> begun_;  ///< ready, refused or dead
  bool loaded_ = false;
  std::optional<Error> refused_;
  std::map<std::int64_t, Live*> calls_;
  std::int64_t last_id_ = 0;
  std::size_t answered_ = 0;
  std::size_t again_ = 0;
  OneShot<std::int64_t>* peak_ = nullptr;  ///< of who waits for it
  /// What came that no call is to blame for, since the last answer.
  std::size_t stray_ = 0;
  std::size_t stray_bytes_ = 0;
  std::size_t log_lines_ = 0;
};

}  // namespace troupe::plugins

#pragma once

#include "plugins/host/message.h"
#include "runtime/async/task.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"

#include <functional>
#include <memory>

namespace troupe::plugins {

/// The line to whatever runs a plugin: a process of its own, or a thread of this one. Loop thread only.
class PluginLine {
 public:
  struct Handlers {
    std::function<void(Message)> message;  ///< never from inside send() or kill()
    std::function<void(Error why)> ended;  ///< once, when nothing more will come
  };
  virtual ~PluginLine() = default;

  /// False when the message is larger than one may be: nothing was sent.
  virtual bool send(const Message& message) = 0;
  /// Ends it now, calls and all; `ended` is told `why`. What cannot be killed is left to itself, and nothing
  /// that it says is heard any more.
  virtual void kill(Error why) = 0;
  /// Asks it to end by itself, kills it after `grace`, returns when it is gone or left to itself. Once,
  /// before it is destroyed.
  virtual Task<> end(Milliseconds grace) = 0;
  /// A further call begins: a limit on what it writes aside of messages starts anew.
  virtual void forgive() {}
};

/// Starts one. The handlers are called from then on.
using LineMaker = std::function<Result<std::unique_ptr<PluginLine>>(PluginLine::Handlers)>;

}  // namespace troupe::plugins

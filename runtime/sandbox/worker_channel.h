#pragma once

#include "runtime/base/result.h"
#include "runtime/sandbox/descriptor.h"
#include "runtime/sandbox/frame.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::sandbox {

/// A worker program's standard input, where its frames come and go.
inline constexpr int kWorkerChannel = 0;

/// The worker's end of what it has to the daemon: whole frames, blocking. One thread reads while another
/// writes; who writes from several takes turns.
class WorkerChannel {
 public:
  /// Takes `channel` away from the standard streams, which become standard error: a library that prints does
  /// not break a frame. Errors: unavailable.
  static Result<WorkerChannel> take(int channel, std::size_t most = kFrameBytes);

  /// The next frame; nothing when the daemon hung up between two. Errors: network (it broke, or hung up
  /// within one), too_large.
  Result<std::optional<std::string>> read();
  /// Errors: network, too_large (nothing was written).
  Result<> write(std::string_view payload);

 private:
  WorkerChannel(Descriptor descriptor, std::size_t most) : descriptor_(std::move(descriptor)), most_(most) {}

  Descriptor descriptor_;
  std::size_t most_;
};

}  // namespace troupe::sandbox

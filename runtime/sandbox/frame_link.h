#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/nursery.h"
#include "runtime/sandbox/byte_channel.h"
#include "runtime/sandbox/cage.h"
#include "runtime/sandbox/child.h"
#include "runtime/sandbox/error_output.h"
#include "runtime/sandbox/frame.h"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace troupe::sandbox {

inline constexpr std::size_t kLinkQueueBytes = 64u << 20;  // that a process has not read yet

/// A long-lived process that is spoken to in frames, both ways and at any time: a conversation, where a
/// Worker (worker.h) answers one request with one frame. What is said is not looked at here. Loop thread
/// only.
class FrameLink {
 public:
  struct Handlers {
    std::function<void(std::string payload)> frame;
    /// Once, when nothing more will come, with why; the process has been reaped. Never from inside send()
    /// or kill().
    std::function<void(Error why)> ended;
  };

  /// Starts the program of `cage`, which outlives this. Its standard input and output are the channel;
  /// `memory` as in Streams. Errors as Cage::start().
  static Result<std::unique_ptr<FrameLink>> start(Loop& loop, const Cage& cage, std::size_t frame_bytes,
                                                  Handlers handlers, int memory = -1);
  /// end() must have returned.
  ~FrameLink() = default;
  FrameLink(const FrameLink&) = delete;
  FrameLink& operator=(const FrameLink&) = delete;

  /// Queues a frame. False when it is over the limit of a frame, and nothing is sent; a process that leaves
  /// more than kLinkQueueBytes unread is killed.
  bool send(std::string_view payload);

  /// SIGKILL for it and its group. `why` is what `ended` is told; of several the first.
  void kill(Error why);
  /// Somebody waits anew: what it wrote to standard error so far counts for no flood.
  void forgive() { errors_.forgive(); }

  /// Waits `grace` for it to exit by itself (it has been told to), kills it otherwise, and returns when it
  /// has been reaped and `ended` was called.
  Task<> end(Milliseconds grace = Milliseconds::zero());

 private:
  FrameLink(Loop& loop, Child child, std::string name, Descriptor channel, Descriptor errors,
            std::size_t frame_bytes, Handlers handlers);

  Task<> read();
  Task<> write();
  Error how_it_ended(const FrameStream& stream, const Ending& ending) const;

  Loop& loop_;
  const std::string name_;
  Child child_;
  ByteChannel channel_;
  ErrorOutput errors_;
  const std::size_t frame_bytes_;
  Handlers handlers_;
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  bool writing_ = false;
  bool over_ = false;  ///< killed, or hung up
  std::optional<Error> why_;
  Nursery nursery_;
};

}  // namespace troupe::sandbox

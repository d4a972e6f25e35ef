#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/nursery.h"
#include "runtime/async/stop.h"
#include "runtime/sandbox/byte_channel.h"
#include "runtime/sandbox/cage.h"
#include "runtime/sandbox/child.h"
#include "runtime/sandbox/error_output.h"
#include "runtime/sandbox/frame.h"

#include <memory>
#include <optional>
#include <string>

namespace troupe::sandbox {

/// A long-lived worker process, one life of it: requests go in as frames (frame.h) and each is answered by
/// one. Its standard input and output are the channel, so `cat` is a worker that echoes; serve_frames() is
/// the usual other side. Once anything went wrong it is dead and stays so: WorkerPool starts a fresh one.
/// Loop thread only.
class Worker {
 public:
  /// As Cage::start(). `loop` and `cage` outlive it.
  static Result<std::unique_ptr<Worker>> start(Loop& loop, const Cage& cage, std::size_t frame_bytes);
  /// end() must have returned.
  ~Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Errors that leave the worker alive: too_large for a request over the frame limit, conflict while another
  /// call runs. All others kill it, and it has been reaped when they arrive: timeout and cancelled (or what
  /// the stop's reason says), tool when it crashed or hung up, protocol for a frame that is too large, more
  /// than one frame or half of one, too_large for a flood of error output, unavailable when its program could
  /// not be started or it was dead before. The message tells how it ended and what it said last.
  Task<Result<std::string>> call(std::string request, Stop& stop, Deadline deadline);

  /// It can be given a call: it runs, no call went wrong, and it has said nothing unasked.
  bool fit() const;
  /// Calls answered so far.
  std::size_t answered() const { return answered_; }

  /// Kills it and waits until it is reaped. Not during a call.
  Task<> end();

 private:
  Worker(Loop& loop, Child child, std::string name, Descriptor channel, Descriptor errors,
         std::size_t frame_bytes);

  Task<Result<std::string>> exchange(std::string request, Stop& ending);
  Task<FrameReader::State> receive(FrameReader& reader);
  Task<> bury(Milliseconds grace);
  void kill();
  std::unexpected<Error> failure(FrameReader::State state, const FrameReader& reader,
                                 const Stop& ending) const;

  Loop& loop_;
  std::string name_;
  Child child_;
  ByteChannel channel_;
  ErrorOutput errors_;
  std::size_t frame_bytes_;
  std::size_t answered_ = 0;
  bool busy_ = false;
  std::optional<Ending> ended_;  ///< set when it is dead and reaped
  Nursery nursery_;              ///< who follows its error output
};

}  // namespace troupe::sandbox

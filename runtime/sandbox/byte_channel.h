#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/task.h"
#include "runtime/sandbox/descriptor.h"

#include <cstddef>
#include <span>
#include <string_view>

#include <boost/asio/posix/stream_descriptor.hpp>

namespace troupe::sandbox {

/// What one read asks for.
inline constexpr std::size_t kReadBytes = 64u << 10;

/// The daemon's end of a pipe or socket to a child process. One reader and one writer at a time. Loop thread
/// only; outlives what waits on it.
class ByteChannel {
 public:
  ByteChannel(Loop& loop, Descriptor descriptor);

  /// Bytes read; 0 at the end, after cancel() and when the other side broke it.
  Task<std::size_t> read_some(std::span<char> into);
  /// False when not all could be written: the other side is gone, or cancel() came. Sockets only; never
  /// SIGPIPE.
  Task<bool> write(std::string_view data);

  /// What is waited for ends, and nothing is read or written any more.
  void cancel();
  bool cancelled() const { return cancelled_; }

  enum class Waiting { nothing, bytes, end };
  /// What could be read now. Does not wait. Sockets only.
  Waiting waiting() const;

 private:
  Task<> ready(boost::asio::posix::stream_descriptor::wait_type what);

  boost::asio::posix::stream_descriptor descriptor_;
  int in_a_row_ = 0;
  bool cancelled_ = false;
};

}  // namespace troupe::sandbox

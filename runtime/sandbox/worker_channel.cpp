#include "runtime/sandbox/worker_channel.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::sandbox {
namespace {

constexpr int kAwayFromStreams = 3;

/// How many bytes came before the end.
Result<std::size_t> read_all(int channel, char* into, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::read(channel, into + done, size - done);
    if (n == 0) break;
    if (n < 0 && errno != EINTR)
      return fail(ErrorCode::network, "the channel to the daemon broke while reading");
    done += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  return done;
}

Result<> write_all(int channel, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(channel, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR)
      return fail(ErrorCode::network, "the channel to the daemon broke while writing");
    bytes.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  return {};
}

Result<> check_size(const char* what, std::size_t size, std::size_t most) {
  if (size <= most) return {};
  return fail(ErrorCode::too_large, std::string(what) + " has " + std::to_string(size) + " bytes, at most " +
                                        std::to_string(most) + " are allowed");
}

}  // namespace

Result<WorkerChannel> WorkerChannel::take(int channel, std::size_t most) {
  Descriptor own(::fcntl(channel, F_DUPFD_CLOEXEC, kAwayFromStreams));
  if (!own.open())
    return fail(ErrorCode::unavailable, std::string("taking the channel failed: ") + std::strerror(errno));
  ::dup2(STDERR_FILENO, STDIN_FILENO);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  return WorkerChannel(std::move(own), most);
}

Result<std::optional<std::string>> WorkerChannel::read() {
  FrameHead head;
  auto n = read_all(descriptor_.get(), head.data(), head.size());
  if (!n) return fail(std::move(n.error()));
  if (*n == 0) return std::nullopt;
  const auto hung_up = [] { return fail(ErrorCode::network, "the daemon hung up within a frame"); };
  if (*n < head.size()) return hung_up();
  if (auto fits = check_size("a request", payload_of(head), most_); !fits)
    return fail(std::move(fits.error()));
  std::string payload(payload_of(head), '\0');
  n = read_all(descriptor_.get(), payload.data(), payload.size());
  if (!n) return fail(std::move(n.error()));
  if (*n < payload.size()) return hung_up();
  return payload;
}

Result<> WorkerChannel::write(std::string_view payload) {
  if (auto fits = check_size("an answer", payload.size(), most_); !fits) return fits;
  const FrameHead head = frame_head(payload.size());
  if (auto written = write_all(descriptor_.get(), {head.data(), head.size()}); !written) return written;
  return write_all(descriptor_.get(), payload);
}

}  // namespace troupe::sandbox

#include "runtime/sandbox/serve_frames.h"

#include "runtime/sandbox/descriptor.h"

#include <cerrno>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::sandbox {
namespace {

constexpr int kAwayFromStreams = 3;

/// How many bytes came before the end.
std::size_t read_all(int channel, char* into, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::read(channel, into + done, size - done);
    if (n == 0) break;
    if (n < 0 && errno != EINTR) throw std::runtime_error("the channel to the daemon broke while reading");
    done += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  return done;
}

void write_all(int channel, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(channel, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) throw std::runtime_error("the channel to the daemon broke while writing");
    bytes.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
}

void check_size(const char* what, std::size_t size, std::size_t most) {
  if (size > most)
    throw std::runtime_error(std::string(what) + " has " + std::to_string(size) + " bytes, at most " +
                             std::to_string(most) + " are allowed");
}

void serve(int channel, const std::function<std::string(std::string_view)>& answer, std::size_t most) {
  FrameHead head;
  std::string request;
  while (const std::size_t n = read_all(channel, head.data(), head.size())) {
    if (n < head.size()) throw std::runtime_error("the daemon hung up within a frame");
    check_size("a request", payload_of(head), most);
    request.resize(payload_of(head));
    if (read_all(channel, request.data(), request.size()) < request.size())
      throw std::runtime_error("the daemon hung up within a frame");
    const std::string said = answer(request);
    check_size("an answer", said.size(), most);
    const FrameHead of_answer = frame_head(said.size());
    write_all(channel, {of_answer.data(), of_answer.size()});
    write_all(channel, said);
  }
}

}  // namespace

int serve_frames(int channel, const std::function<std::string(std::string_view)>& answer, std::size_t most) {
  const Descriptor own(::fcntl(channel, F_DUPFD_CLOEXEC, kAwayFromStreams));
  if (!own.open()) {
    std::perror("worker: taking its channel");
    return 1;
  }
  ::dup2(STDERR_FILENO, STDIN_FILENO);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  try {
    serve(own.get(), answer, most);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "worker: %s\n", e.what());
    return 1;
  }
}

}  // namespace troupe::sandbox

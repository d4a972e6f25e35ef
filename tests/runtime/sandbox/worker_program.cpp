// What the sandbox's tests run as a worker: each request says how to misbehave.
#include "runtime/sandbox/serve_frames.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace {

void say(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(troupe::sandbox::kWorkerChannel, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) std::_Exit(9);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string frame(const std::string& payload) {
  const auto head = troupe::sandbox::frame_head(payload.size());
  return std::string(head.data(), head.size()) + payload;
}

std::string outcome(long result) {
  return result < 0 ? std::strerror(errno) : "done";
}

[[noreturn]] void hang() {
  for (;;) ::pause();
}

std::string answer(std::string_view request) {
  if (request == "crash") {
    std::signal(SIGSEGV, SIG_DFL);  // a sanitizer would make a report of it, slowly
    std::fputs("about to fall", stderr);
    std::raise(SIGSEGV);
  }
  if (request == "exit") std::_Exit(7);
  if (request == "throw") throw std::runtime_error("cannot read this");
  if (request == "hang") hang();
  if (request == "spin")
    for (volatile unsigned turns = 0;; turns = turns + 1) {
    }
  if (request == "print") std::printf("a library that prints\n");
  if (request == "flood")
    for (;;) std::fputs("complaint after complaint after complaint\n", stderr);
  if (request == "pid") return std::to_string(::getpid());
  if (request == "open") return outcome(::open("/etc/shadow", O_RDONLY));
  if (request == "socket") return outcome(::socket(AF_INET, SOCK_STREAM, 0));
  if (request == "fork") {
    const auto child = ::fork();
    if (child == 0) std::_Exit(0);
    return outcome(child);
  }
  return std::string(request);
}

/// Breaks framing after having read what came: for what serve_frames() would never do.
int misbehave(const std::string& how) {
  char request[1024];
  if (how == "unasked") say(frame("surprise"));
  while (::read(troupe::sandbox::kWorkerChannel, request, sizeof request) > 0) {
    if (how == "half") {
      say(frame("half of this").substr(0, 9));
      return 0;
    }
    if (how == "half and hang") {
      say(frame("half of this").substr(0, 9));
      hang();
    }
    if (how == "oversize") say(std::string("\xff\xff\xff\x7f", 4));
    if (how == "garbage") say("HTTP/1.1 200 OK\r\n\r\n");
    if (how == "twice") say(frame("one") + frame("two"));
    if (how == "hang up") {
      ::close(0);
      ::close(1);
      hang();
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "die at once") return 3;
  if (argc > 1) return misbehave(argv[1]);
  return troupe::sandbox::serve_frames(troupe::sandbox::kWorkerChannel, answer);
}

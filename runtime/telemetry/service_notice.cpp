#include "runtime/telemetry/service_notice.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace troupe {

namespace {

std::string taken(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value ? value : "";
  ::unsetenv(name);
  return text;
}

std::optional<std::int64_t> number_in(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

ServiceNotice::Address ServiceNotice::from_environment() {
  std::string socket = taken("NOTIFY_SOCKET");
  const auto every = number_in(taken("WATCHDOG_USEC"));
  const std::string pid = taken("WATCHDOG_PID");
  const bool ours = pid.empty() || number_in(pid) == ::getpid();
  std::optional<Milliseconds> watchdog;
  if (ours && every && *every >= 2'000) watchdog = Milliseconds(*every / 1'000);
  return {std::move(socket), watchdog};
}

void ServiceNotice::ready(std::string_view status) {
  send("READY=1\nMAINPID=" + std::to_string(::getpid()) + "\nSTATUS=" + std::string(status));
  if (address_.watchdog && !address_.socket.empty()) live();
}

void ServiceNotice::live() {
  send("WATCHDOG=1");
  next_ = loop_.at(loop_.clock().now() + *address_.watchdog / 2, [this] { live(); });
}

void ServiceNotice::send(const std::string& notice) const {
  sockaddr_un address{};
  const std::string& name = address_.socket;
  if (name.empty() || name.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name.front() == '@') address.sun_path[0] = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  (void)::sendto(fd, notice.data(), notice.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                 size);
  ::close(fd);
}

}  // namespace troupe

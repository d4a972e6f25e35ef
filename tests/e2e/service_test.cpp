#include "tests/e2e/daemon.h"
#include "tests/fakes/run_loop.h"

#include <chrono>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;

namespace {

constexpr const char* kHello = R"(
models: { local: { provider: builtin } }
agents: { hello: { model: local } }
)";

/// The end of the notify socket that a service manager has.
class Notices {
 public:
  Notices()
      : path_((folder_.path() / "notify").string()), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("the notify socket cannot be bound");
  }
  ~Notices() { ::close(fd_); }

  /// Waits for a notice that has this line; keeps those before it.
  bool until(const std::string& line) {
    const auto end = std::chrono::steady_clock::now() + fakes::kMaxTestWait;
    while (std::chrono::steady_clock::now() < end) {
      pollfd ready{fd_, POLLIN, 0};
      if (::poll(&ready, 1, 100) <= 0) continue;
      char buffer[4096];
      const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
      if (size <= 0) continue;
      got.emplace_back(buffer, static_cast<std::size_t>(size));
      if (("\n" + got.back() + "\n").contains("\n" + line + "\n")) return true;
    }
    return false;
  }
  std::vector<std::string> environment(std::vector<std::string> more = {}) const {
    more.push_back("NOTIFY_SOCKET=" + path_);
    return more;
  }

  std::vector<std::string> got;

 private:
  fakes::TempDir folder_;
  std::string path_;
  int fd_;
};

}  // namespace

TEST_CASE("a service manager is told when the daemon listens, that it lives, and that it stops") {
  Daemon daemon(kHello);
  Notices notices;
  daemon.start(notices.environment({"WATCHDOG_USEC=200000"}));
  CHECK(notices.until("READY=1"));
  CHECK(notices.got.front().contains("MAINPID=" + std::to_string(daemon.process().pid())));
  CHECK(notices.until("STATUS=serving on " + daemon.url()));
  CHECK(notices.until("WATCHDOG=1"));
  CHECK(notices.until("WATCHDOG=1"));
  daemon.process().signal(SIGTERM);
  CHECK(notices.until("STOPPING=1"));
  CHECK(daemon.process().wait().exit_code == 0);
}

TEST_CASE("a notify socket that is not there does not keep the daemon from serving") {
  Daemon daemon(kHello);
  daemon.start({"NOTIFY_SOCKET=/nonexistent/notify", "WATCHDOG_USEC=nonsense"});
  CHECK(daemon.url().starts_with("http://"));
  CHECK(daemon.stop().exit_code == 0);
}

// The real daemon in namespaces of its own, where the name server takes every question and answers none.
#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"

#include <arpa/inet.h>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <net/if.h>
#include <netinet/in.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::run;
using namespace std::chrono_literals;

namespace {

constexpr const char* kInside = "(the daemon beside a name server that never answers)";
constexpr const char* kApart = "TROUPE_TEST_NAMESPACES";  // set where the case may change the network
constexpr std::uint16_t kNamePort = 53;

double ms_since(Instant began) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
}

/// Of a network namespace, whose loopback is down at first.
bool raise_loopback() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  bool up = fd >= 0 && ::ioctl(fd, SIOCGIFFLAGS, &request) == 0;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  up = up && ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  ::close(fd);
  return up;
}

/// Takes datagrams on the port of name servers.
class Sink {
 public:
  Sink() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(kNamePort);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bound_ = ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Sink() { ::close(fd_); }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  bool bound() const { return bound_; }
  int asked() {
    char datagram[512];
    while (::recv(fd_, datagram, sizeof datagram, 0) > 0) ++asked_;
    return asked_;
  }

 private:
  const int fd_;
  bool bound_ = false;
  int asked_ = 0;
};

Task<> pause(Loop& loop) {
  Stop never;
  (void)co_await loop.sleep_for(5ms, never);
}

}  // namespace

TEST_CASE(kInside* doctest::skip()) {
  REQUIRE(raise_loopback());
  fakes::TempDir folder;
  const std::string resolv = (folder.path() / "resolv.conf").string();
  std::ofstream(resolv) << "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n";
  REQUIRE(::mount(resolv.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) == 0);
  Sink sink;
  REQUIRE(sink.bound());

  Daemon daemon(R"(
models:
  local: { provider: builtin }
  far: { provider: openai, model: far-1, base_url: "http://models.example.com:8080/v1" }
agents:
  clerk: { model: local }
  caller: { model: far }
)");
  daemon.start();
  REQUIRE(daemon.url().starts_with("http://"));
  SystemClock clock;
  Loop loop(clock);
  ChatClient caller(loop);
  run(loop, caller.connect(daemon.url()));
  run(loop, caller.open(R"(,"target":"caller")"));
  ChatClient clerk(loop);
  run(loop, clerk.connect(daemon.url()));
  run(loop, clerk.open(R"(,"target":"clerk")"));

  run(loop, caller.send(R"({"type":"message","id":"m1","text":"What is it?"})"));
  const auto started = run(loop, caller.until("run.started"));
  const std::string id = string_or(started.back(), "run");
  const Instant sent = clock.now();
  while (sink.asked() == 0 && clock.now() - sent < 20s) run(loop, pause(loop));
  REQUIRE(sink.asked() > 0);  // and it waits for the answer

  const Instant others = clock.now();
  CHECK(run(loop, clerk.ask("m1", "Hello")).back()["status"] == "done");
  const double beside = ms_since(others);
  const Instant began = clock.now();
  run(loop, caller.send(fmt::format(R"({{"type":"cancel","run":"{}"}})", id)));
  const auto frames = run(loop, caller.until("run.finished"));
  const double took = ms_since(began);
  CHECK(frames.back()["status"] == "cancelled");
  CHECK(took < 2'000);
  MESSAGE("a run that waits for the name server was cancelled in ", took, " ms; another client's took ",
          beside, " ms meanwhile");

  const Instant stopping = clock.now();
  CHECK(daemon.stop().exit_code == 0);
  MESSAGE("the daemon ended in ", ms_since(stopping), " ms");
  CHECK(daemon.run({"store", "check", "--deep", "-c", daemon.config()}).exit_code == 0);
}

TEST_CASE("a run whose model waits for a name server that never answers is cancelled at once") {
  const std::vector<std::string> apart = {"/usr/bin/unshare", "--user", "--map-root-user", "--net",
                                          "--mount"};
  auto allowed = apart;
  allowed.emplace_back("true");
  if (fakes::run_program(std::move(allowed)).exit_code != 0) {
    MESSAGE("skipped: namespaces are not allowed here");
    return;
  }
  auto inside = apart;
  char self[4096];
  const ssize_t length = ::readlink("/proc/self/exe", self, sizeof self);
  REQUIRE(length > 0);
  inside.insert(inside.end(), {std::string(self, static_cast<std::size_t>(length)), "--no-skip",
                               fmt::format("--test-case={}", kInside)});
  const auto outcome = fakes::run_program(std::move(inside), {std::string(kApart) + "=1"});
  CHECK_MESSAGE(outcome.exit_code == 0, outcome.out, outcome.err);
  CHECK(outcome.out.contains("1 passed"));
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);)
    if (line.contains(" ms")) MESSAGE(line);
}

// The real daemon on a disk that takes no writes for a while.
#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/raw_socket.h"
#include "tests/fakes/run_loop.h"

#include <chrono>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using namespace std::chrono_literals;

namespace {

constexpr const char* kClerk = R"(
models: { local: { provider: builtin } }
tools: { calculator: { type: calculator } }
agents: { clerk: { model: local, tools: [calculator] } }
)";

/// Asks over HTTP, a connection each time.
class Http {
 public:
  Http(Loop& loop, const Daemon& daemon)
      : loop_(loop),
        port_(static_cast<std::uint16_t>(std::stoi(daemon.url().substr(daemon.url().rfind(':') + 1)))) {}

  std::string get(const std::string& path) {
    return exchange(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path));
  }
  std::string post(const std::string& path, const std::string& body) {
    return exchange(
        fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
                    path, body.size(), body));
  }

 private:
  std::string exchange(std::string request) {
    fakes::RawSocket socket(loop_);
    fakes::run(loop_, socket.connect(port_));
    fakes::run(loop_, socket.write(std::move(request)));
    return fakes::run(loop_, socket.read_reply());
  }
  Loop& loop_;
  const std::uint16_t port_;
};

bool replies_with(const std::string& reply, int status) {
  return reply.starts_with(fmt::format("HTTP/1.1 {} ", status));
}

Task<> pause(Loop& loop) {
  Stop never;
  (void)co_await loop.sleep_for(5ms, never);
}

}  // namespace

TEST_CASE(
    "a disk that takes no writes: new runs are refused, those at work wait, and all go on by themselves") {
  std::string fault;
  SUBCASE("full") {
    fault = "enospc";
  }
  SUBCASE("failing") {
    fault = "eio";
  }
  Daemon daemon(kClerk);
  // Some runs come through; then nine attempts fail, which takes some three seconds.
  daemon.start({"TROUPE_FAULT=journal.commit:12-20:" + fault});
  REQUIRE_FALSE(daemon.url().empty());
  SystemClock clock;
  Loop loop(clock);
  Http http(loop, daemon);
  const auto until_ready = [&] {
    const auto waited = clock.now();
    while (!replies_with(http.get("/readyz"), 200)) {
      REQUIRE(clock.now() - waited < 60s);
      fakes::run(loop, pause(loop));
    }
  };
  until_ready();

  std::set<std::string> acknowledged;
  bool paused = false;
  auto began = clock.now();
  while (!paused && acknowledged.size() < 50) {
    began = clock.now();
    ChatClient chat(loop);
    fakes::run(loop, chat.connect(daemon.url()));
    fakes::run(loop, chat.send(R"({"type":"open"})"));
    fakes::run(loop, chat.send(R"({"type":"message","id":"m1","text":"What is 6*7?"})"));
    // The frames come as far as they are committed; what else there is to see is /readyz.
    for (int i = 0; i < 40 && !paused; ++i) {
      paused = replies_with(http.get("/readyz"), 503);
      fakes::run(loop, pause(loop));
    }
    if (paused) break;
    const auto frames = fakes::run(loop, chat.until("run.finished"));
    acknowledged.insert(string_or(frames.back(), "run"));
  }
  REQUIRE(paused);
  MESSAGE("refused ", std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - began).count(),
          " ms after a message whose commits failed (", fault, ")");

  const std::string unready = http.get("/readyz");
  CHECK(unready.contains(fault == "eio" ? "disk I/O error" : "disk is full"));
  const std::string refused = http.post("/v1/runs", R"({"input":"What is 6*7?"})");
  CHECK_MESSAGE(replies_with(refused, 503), refused);
  CHECK(refused.contains("\"busy\""));
  CHECK(refused.contains("Retry-After: 1"));
  CHECK(replies_with(http.get("/healthz"), 200));

  until_ready();
  const std::string done = http.post("/v1/runs", R"({"input":"What is 6*7?","wait":true})");
  CHECK_MESSAGE(replies_with(done, 200), done);
  CHECK(daemon.stop().exit_code == 0);

  const auto listed = daemon.run({"runs", "list", "-c", daemon.config(), "--json", "-n", "1000"});
  for (const std::string& run : acknowledged) CHECK(listed.out.contains(run));
  CHECK_FALSE(listed.out.contains("\"status\":\"running\""));
  CHECK_FALSE(listed.out.contains("\"status\":\"failed\""));
  CHECK(daemon.run({"store", "check", "--deep", "-c", daemon.config()}).exit_code == 0);
}

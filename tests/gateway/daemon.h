#pragma once

#include "gateway/gateway.h"
#include "tests/fakes/echo_server.h"
#include "tests/fakes/fake_run_desk.h"
#include "tests/fakes/run_loop.h"

#include <functional>
#include <string>

namespace troupe::gateway {

/// A gateway on a free port of loopback with a RunDesk that the test plays.
class Daemon {
 public:
  explicit Daemon(ServerSettings settings = {}, GatewayTiming timing = {}, GatewayServices services = {});

  /// Runs the test's coroutine, then stops the gateway.
  void run(std::function<Task<>()> body, Milliseconds drain = Milliseconds(2000));

  std::uint16_t port() const { return gateway.port(); }

  SystemClock clock;
  Loop loop{clock};
  fakes::FakeRunDesk desk{loop};
  Gateway gateway;
  std::string url;
};

/// Settings with one token for each (name, token, tenant).
ServerSettings settings_with_tokens();
std::pair<std::string, std::string> bearer(std::string token);

}  // namespace troupe::gateway

#include "tests/gateway/daemon.h"

#include <stdexcept>

#include <fmt/format.h>
#include <openssl/sha.h>

namespace troupe::gateway {

namespace {

ServerSettings on_free_port(ServerSettings settings) {
  settings.listen = "127.0.0.1:0";
  return settings;
}

std::string sha256(const std::string& text) {
  unsigned char digest[32];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string hex;
  for (unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace

Daemon::Daemon(ServerSettings settings, GatewayTiming timing, GatewayServices services)
    : gateway(loop, desk, on_free_port(std::move(settings)), std::move(services), "1.2.3",
              std::move(timing)) {
  auto where = gateway.start();
  if (!where) throw std::runtime_error(where.error().message);
  url = *where;
}

void Daemon::run(std::function<Task<>()> body, Milliseconds drain) {
  const auto whole = [&]() -> Task<> {
    std::exception_ptr failure;
    try {
      co_await body();
    } catch (...) {
      failure = std::current_exception();
    }
    co_await gateway.stop(failure ? Milliseconds(0) : drain);
    if (failure) std::rethrow_exception(failure);
  };
  fakes::run(loop, whole());
}

ServerSettings settings_with_tokens() {
  ServerSettings settings;
  settings.tokens = {{"alice", sha256("alpha"), "acme"}, {"bob", sha256("beta"), "bravo"}};
  return settings;
}

std::pair<std::string, std::string> bearer(std::string token) {
  return {"Authorization", "Bearer " + std::move(token)};
}

}  // namespace troupe::gateway

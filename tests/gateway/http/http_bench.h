#pragma once

#include "gateway/gateway.h"
#include "runtime/base/json.h"
#include "tests/fakes/raw_socket.h"
#include "tests/fakes/run_loop.h"
#include "tests/gateway/daemon.h"

#include <cstdint>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace troupe::gateway {

/// An HTTP answer as a test looks at it.
struct HttpReply {
  int status = 0;
  std::string head;
  std::string text;  ///< the body
  Json body;         ///< the same as JSON; null when it is none
  bool has(const std::string& line) const { return head.find(line) != std::string::npos; }
  std::string code() const { return body.contains("error") ? string_or(body["error"], "code") : ""; }
  std::string message() const { return body.contains("error") ? string_or(body["error"], "message") : ""; }
};

inline Task<HttpReply> exchange(Loop& loop, std::uint16_t port, std::string request) {
  fakes::RawSocket client(loop);
  co_await client.connect(port);
  co_await client.write(std::move(request));
  const std::string all = co_await client.read_all();
  HttpReply reply;
  const std::size_t end = all.find("\r\n\r\n");
  if (end == std::string::npos || all.size() < 12) co_return reply;
  reply.head = all.substr(0, end + 2);
  reply.text = all.substr(end + 4);
  reply.status = std::stoi(all.substr(9, 3));
  if (auto body = parse_json(reply.text)) reply.body = std::move(*body);
  co_return reply;
}

/// A gateway on a free port over a loop and a desk that others have, with real requests.
class HttpBench {
 public:
  HttpBench(Loop& loop, agents::RunDesk& desk, GatewayServices services, ServerSettings settings = {})
      : loop_(loop), gateway(loop, desk, on_free_port(std::move(settings)), std::move(services), "1.2.3") {
    REQUIRE(gateway.start());
  }
  ~HttpBench() { fakes::run(loop_, gateway.stop(Milliseconds(0))); }

  /// `headers`: whole lines. A body comes with its length, and as JSON unless `headers` say what it is.
  HttpReply ask(const std::string& method, const std::string& path, const std::string& body = "",
                std::string headers = "") {
    return fakes::run(loop_, asking(method, path, body, std::move(headers)));
  }
  Task<HttpReply> asking(std::string method, std::string path, std::string body = "",
                         std::string headers = "") {
    if (headers.find("Host:") == std::string::npos) headers += "Host: localhost\r\n";
    if (!body.empty()) {
      if (headers.find("Content-Type:") == std::string::npos) headers += "Content-Type: application/json\r\n";
      headers += fmt::format("Content-Length: {}\r\n", body.size());
    }
    return exchange(
        loop_, gateway.port(),
        fmt::format("{} {} HTTP/1.1\r\n{}Connection: close\r\n\r\n{}", method, path, headers, body));
  }

 private:
  static ServerSettings on_free_port(ServerSettings settings) {
    settings.listen = "127.0.0.1:0";
    return settings;
  }
  Loop& loop_;

 public:
  Gateway gateway;
};

/// Header lines of the principals of settings_with_tokens().
inline const std::string kAcme = "Authorization: Bearer alpha\r\n";
inline const std::string kBravo = "Authorization: Bearer beta\r\n";

}  // namespace troupe::gateway

#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/nursery.h"
#include "runtime/async/stop.h"
#include "runtime/net/http_client.h"
#include "tools/mcp/server_settings.h"
#include "tools/mcp/transport/transport.h"

#include <deque>
#include <map>
#include <memory>
#include <string>

namespace troupe::tools::mcp {

/// A server behind a URL, by Streamable HTTP: every message is a POST, whose answer is a message or a stream
/// of them. A stream that ends before its answer is taken up again with Last-Event-ID after the time the
/// server asks for. In the legacy era the session has an id and, where the server offers one, a stream of its
/// own for what nobody asked for; in the modern era headers say what a message is about.
class HttpTransport final : public Transport {
 public:
  /// What is given outlives it. `http` may reach what the operator wrote down, also on this machine.
  HttpTransport(Loop& loop, net::HttpClient& http, const ServerSettings& settings, TransportEvents& events);
  ~HttpTransport() override;

  Result<> start() override { return {}; }
  void send(Send message) override;
  void abandon(CallId call) override;
  void listen() override;
  Task<> close() override;

 private:
  /// One POST and what it takes to have its answer.
  struct Exchange;
  class Sink;

  void begin(Send message);
  Task<> exchange(std::shared_ptr<Exchange> one, Send message);
  Task<> resume(std::shared_ptr<Exchange> one);
  Task<> hear();
  /// The answer to one request, its messages told as they come. Errors: those of the client.
  Task<Result<>> fetch(std::shared_ptr<Exchange> one, net::HttpRequest request);
  void deliver(const std::shared_ptr<Exchange>& one);
  void release_held();
  void gone(CallId call);
  net::HttpRequest request(std::string method, std::string version) const;

  Loop& loop_;
  net::HttpClient& http_;
  const ServerSettings& settings_;
  TransportEvents& events_;
  Nursery nursery_;
  Stop closing_;
  Stop hurrying_;  ///< requested when what is said in parting has had its time
  std::map<CallId, std::shared_ptr<Exchange>> exchanges_;
  std::deque<Send> held_;  ///< that must not overtake the end of the opening
  bool holding_ = false;
  bool gone_ = false;
  std::string session_;
  std::string version_;
};

}  // namespace troupe::tools::mcp

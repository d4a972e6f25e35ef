#include "runtime/net/http_server.h"

#include "runtime/async/nursery.h"
#include "runtime/base/ids.h"
#include "runtime/base/json.h"
#include "runtime/net/beast_http.h"
#include "runtime/net/tls_stream.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <fcntl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

namespace troupe::net {

using boost::asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

std::string_view ServerRequest::header(std::string_view name) const {
  auto it = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return it == headers.end() ? std::string_view() : std::string_view(it->second);
}

std::size_t ServerRequest::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count(headers, name, &std::pair<std::string, std::string>::first));
}

ServerReply error_reply(int status, std::string_view code, std::string_view message) {
  ServerReply reply;
  reply.status = status;
  reply.body = R"({"error":{"code":)";
  append_quoted(reply.body, code);
  reply.body += R"(,"message":)";
  append_quoted(reply.body, message);
  reply.body += "}}";
  return reply;
}

namespace {

constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);
constexpr std::size_t kRefusals = 32;  // connections over the limit that are told so at the same time
constexpr auto kBackOffMin = 10ms;
constexpr auto kBackOffMax = 1000ms;

// ::ffff:10.0.0.1 is 10.0.0.1 to everybody who compares addresses.
boost::asio::ip::address plain(boost::asio::ip::address address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  return address;
}

class AsioHttpServer final : public HttpServer {
 public:
  AsioHttpServer(Loop& loop, HttpServerSettings settings, HttpHandler& handler, tcp::acceptor acceptor,
                 std::unique_ptr<TlsIdentity> identity)
      : loop_(loop),
        settings_(std::move(settings)),
        handler_(handler),
        acceptor_(std::move(acceptor)),
        identity_(std::move(identity)),
        port_(acceptor_.local_endpoint().port()),
        nursery_(loop) {
    nursery_.spawn("accept", [this] { return accept_loop(); });
  }

  std::uint16_t port() const override { return port_; }
  std::size_t connections() const override { return connections_; }

  Task<> stop(Milliseconds patience) override {
    error_code ignored;
    acceptor_.close(ignored);
    drain_.request(StopReason::shutdown);
    auto alarm = loop_.at(loop_.clock().now() + patience, [this] { drop_.request(StopReason::deadline); });
    co_await nursery_.join();
  }

 private:
  Task<> accept_loop() {
    auto back_off = Milliseconds(0);
    while (!drain_.requested()) {
      auto [error, socket] = co_await acceptor_.async_accept(as_result);
      if (!error) {
        back_off = Milliseconds(0);
        admit(std::move(socket));
      } else if (!drain_.requested() && error != boost::asio::error::connection_aborted) {
        // No descriptors or no memory: the connection stays in the backlog, so asking again at once would
        // spin.
        back_off = std::clamp(back_off * 2, Milliseconds(kBackOffMin), Milliseconds(kBackOffMax));
        if (back_off == kBackOffMin)
          log::warn("new connections cannot be accepted; pausing", {{"reason", error.message()}});
        co_await loop_.sleep_for(back_off, drain_);
      }
    }
  }

  void admit(tcp::socket socket) {
    error_code gone;
    const auto remote = socket.remote_endpoint(gone);
    const auto local = socket.local_endpoint(gone);
    if (gone) return;
    socket.set_option(boost::asio::socket_base::send_buffer_size(limits::kSocketSend), gone);
    if (connections_ >= settings_.connections_max) return refuse(std::move(socket));
    HttpPeer peer{plain(remote.address()).to_string(), plain(local.address()).to_string(),
                  plain(remote.address()).is_loopback(), identity_ != nullptr};
    auto bytes = identity_ ? identity_->wrap(std::move(socket)) : make_tcp_stream(std::move(socket));
    ++connections_;
    auto shared = std::make_shared<std::unique_ptr<ByteStream>>(std::move(bytes));
    nursery_.spawn("http connection", [this, shared, peer] { return serve(std::move(*shared), peer); });
  }

  Task<> serve(std::unique_ptr<ByteStream> bytes, HttpPeer peer) {
    struct Count {
      std::size_t& n;
      ~Count() { --n; }
    } count{connections_};
    HttpScope scope{loop_, settings_, handler_, rng_, drain_, drop_};
    co_await serve_http(scope, std::move(bytes), std::move(peer));
  }

  void refuse(tcp::socket socket) {
    if (refusals_ >= kRefusals || identity_) return;  // closed without a word
    ++refusals_;
    auto shared = std::make_shared<tcp::socket>(std::move(socket));
    nursery_.spawn("refusal", [this, shared] { return refusal(std::move(*shared)); });
  }

  Task<> refusal(tcp::socket socket) {
    Transport transport(loop_, make_tcp_stream(std::move(socket)));
    const ServerReply reply =
        error_reply(503, "busy", "the daemon has as many connections as it may have; try later");
    transport.write_raw(
        fmt::format("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
                    "Retry-After: 1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}",
                    reply.body.size(), reply.body));
    co_await transport.finish(limits::kLinger);
    --refusals_;
  }

  Loop& loop_;
  const HttpServerSettings settings_;
  HttpHandler& handler_;
  tcp::acceptor acceptor_;
  std::unique_ptr<TlsIdentity> identity_;
  const std::uint16_t port_;
  SystemRng rng_;
  Stop drain_;
  Stop drop_;
  std::size_t connections_ = 0;
  std::size_t refusals_ = 0;
  Nursery nursery_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> listen_http(Loop& loop, HttpServerSettings settings,
                                                HttpHandler& handler) {
  const std::string where = fmt::format("listening on {}:{}", settings.address, settings.port);
  error_code error;
  const auto address = boost::asio::ip::make_address(settings.address, error);
  if (error)
    return fail(ErrorCode::invalid, fmt::format("{}: `{}` is not an IP address", where, settings.address));

  std::unique_ptr<TlsIdentity> identity;
  if (!settings.tls_certificate.empty()) {
    auto loaded = TlsIdentity::load(settings.tls_certificate, settings.tls_key);
    if (!loaded) return within(where, loaded.error());
    identity = std::move(*loaded);
  }

  const tcp::endpoint endpoint(address, settings.port);
  tcp::acceptor acceptor(loop.context());
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
  if (error) return fail(ErrorCode::network, fmt::format("{}: {}", where, error.message()));
  return std::make_unique<AsioHttpServer>(loop, std::move(settings), handler, std::move(acceptor),
                                          std::move(identity));
}

}  // namespace troupe::net

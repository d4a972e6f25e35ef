#include "runtime/net/ws_client.h"

#include "runtime/async/one_shot.h"
#include "runtime/net/tls_stream.h"
#include "runtime/net/ws_handshake.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

namespace troupe::net {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

struct Endpoint {
  bool tls = false;
  std::string host;  // without brackets
  std::string port;
  std::string authority;  // as it stands in the URL
  std::string target;
};

Result<Endpoint> parse_url(const std::string& url) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorCode::invalid, fmt::format("`{}` is not an address of a daemon: {}", url, why));
  };
  Endpoint endpoint;
  const std::size_t colon = url.find("://");
  const std::string scheme = url.substr(0, colon);
  if (colon == std::string::npos) return bad("it should begin with ws://, wss://, http:// or https://");
  endpoint.tls = scheme == "wss" || scheme == "https";
  if (!endpoint.tls && scheme != "ws" && scheme != "http")
    return bad("its scheme is not ws, wss, http or https");
  const std::size_t begin = colon + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  endpoint.authority = url.substr(begin, end - begin);
  endpoint.target = url.substr(end, url.find('#', end) - end);
  if (endpoint.target.empty() || endpoint.target[0] != '/') endpoint.target.insert(0, 1, '/');
  if (endpoint.authority.find('@') != std::string::npos) return bad("a user name in a URL is not supported");
  const auto printable = [](unsigned char c) { return c > 0x20 && c != 0x7f; };
  if (!std::ranges::all_of(url, printable)) return bad("it has spaces or control characters");

  std::string_view rest = endpoint.authority;
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    if (close == rest.npos) return bad("`[` without `]`");
    endpoint.host = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
  } else {
    endpoint.host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(endpoint.host.size());
  }
  if (endpoint.host.empty()) return bad("it names no host");
  endpoint.port = endpoint.tls ? "443" : "80";
  if (!rest.empty()) {
    unsigned number = 0;
    auto [last, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), number);
    if (rest[0] != ':' || error != std::errc() || last != rest.data() + rest.size() || number == 0 ||
        number > 65535)
      return bad("its port is not a number from 1 to 65535");
    endpoint.port = std::to_string(number);
  }
  return endpoint;
}

// A connection attempt that a deadline or a stop may end at any of its steps.
class Attempt {
 public:
  Attempt(Loop& loop, const WsConnect& how, const Endpoint& endpoint, Stop& stop)
      : loop_(loop), how_(how), endpoint_(endpoint), resolver_(loop.context()), socket_(loop.context()) {
    alarm_ = loop.at(loop.clock().now() + how.timeout, [this] { give_up(ErrorCode::timeout); });
    hook_ = stop.on_request([this] { give_up(ErrorCode::cancelled); });
  }

  Task<Result<std::unique_ptr<WsConnection>>> run() {
    if (auto connected = co_await connect(); !connected) co_return fail(explain(connected.error()));
    auto bytes = co_await secure();
    if (!bytes) co_return fail(explain(bytes.error()));
    WsHandshake handshake{endpoint_.authority, endpoint_.target, how_.headers, how_.subprotocol};
    Transport transport(loop_, std::move(*bytes));
    auto connection = co_await handshake_websocket(loop_, how_.settings, std::move(transport),
                                                   std::move(handshake), abort_);
    if (!connection) co_return fail(explain(connection.error()));
    co_return std::move(*connection);
  }

 private:
  void give_up(ErrorCode why) {
    if (given_up_ != ErrorCode::internal) return;
    given_up_ = why;
    resolver_.cancel();
    error_code ignored;
    socket_.close(ignored);
    if (abort_.action) abort_.action();
  }
  bool given_up() const { return given_up_ != ErrorCode::internal; }

  Task<Result<>> connect() {
    if (given_up()) co_return lost("gave up");
    auto [unknown, addresses] = co_await resolver_.async_resolve(endpoint_.host, endpoint_.port, as_result);
    if (unknown) co_return lost(unknown.message());
    error_code error = boost::asio::error::host_not_found;
    for (const auto& address : addresses) {
      if (given_up()) break;
      error_code ignored;
      socket_.close(ignored);
      auto [refused] = co_await socket_.async_connect(address.endpoint(), as_result);
      error = refused;
      if (!error) break;
    }
    if (error || given_up()) co_return lost(error.message());
    co_return Result<>{};
  }

  Task<Result<std::unique_ptr<ByteStream>>> secure() {
    if (!endpoint_.tls) co_return make_tcp_stream(std::move(socket_));
    auto bytes = make_tls_client_stream(std::move(socket_), endpoint_.host, how_.ca_file);
    if (!bytes) co_return bytes;
    abort_.action = [&bytes] { (*bytes)->close(); };
    OneShot<error_code> done(loop_);
    (*bytes)->handshake([&done](error_code error, std::size_t) { done.set(error); });
    const error_code error = co_await done.wait();
    abort_.action = nullptr;
    if (error) co_return lost(fmt::format("TLS: {}", error.message()));
    co_return bytes;
  }

  std::unexpected<Error> lost(const std::string& what) const {
    Error error{ErrorCode::network, what, true, 0, {}};
    return std::unexpected(std::move(error));
  }

  Error explain(Error error) const {
    if (given_up_ == ErrorCode::cancelled) error = Error{ErrorCode::cancelled, "stopped while connecting"};
    if (given_up_ == ErrorCode::timeout)
      error = Error{ErrorCode::timeout, fmt::format("no answer within {} ms", how_.timeout.count()), true};
    return within(fmt::format("connecting to {}", how_.url), std::move(error)).error();
  }

  Loop& loop_;
  const WsConnect& how_;
  const Endpoint& endpoint_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  HandshakeAbort abort_;
  ErrorCode given_up_ = ErrorCode::internal;  // internal: not given up
  Loop::Alarm alarm_;
  Stop::Hook hook_;
};

}  // namespace

Task<Result<std::unique_ptr<WsConnection>>> connect_websocket(Loop& loop, WsConnect how, Stop& stop) {
  auto endpoint = parse_url(how.url);
  if (!endpoint) co_return fail(endpoint.error());
  Attempt attempt(loop, how, *endpoint, stop);
  co_return co_await attempt.run();
}

}  // namespace troupe::net

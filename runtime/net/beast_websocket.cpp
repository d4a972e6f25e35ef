// The one place where Beast's WebSocket is instantiated, for both ends.
#include "runtime/net/beast_websocket.h"

#include "runtime/base/json.h"
#include "runtime/net/ws_handshake.h"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <fmt/format.h>

namespace troupe::net {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

namespace {

constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

// The deflate extension is compiled out, see WsConnection.
using Stream = websocket::stream<Transport, false>;

// What stands before a text of this length in a frame that is whole and not masked (RFC 6455 section 5.2).
std::string frame_head(std::size_t length) {
  std::string head = "\x81";
  const auto append = [&](int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) head += static_cast<char>(length >> shift);
  };
  if (length < 126) {
    append(1);
  } else {
    const bool fits = length <= 0xffff;
    head += static_cast<char>(fits ? 126 : 127);
    append(fits ? 2 : 8);
  }
  return head;
}

class BeastWebSocket final : public AcceptedWebSocket {
 public:
  BeastWebSocket(Loop& loop, WsSettings settings, Transport transport, bool server)
      : loop_(loop), settings_(settings), ws_(std::move(transport)), masked_(server) {
    // Beast's own timers cannot tell a slow frame from a live peer; tick() can.
    websocket::stream_base::timeout none{websocket::stream_base::none(), websocket::stream_base::none(),
                                         false};
    ws_.set_option(none);
    ws_.read_message_max(settings.message_max);
    ws_.auto_fragment(false);
    ws_.text(true);
    ws_.control_callback([this](websocket::frame_type, beast::string_view payload) {
      heard_ = loop_.clock().now();
      ws_.next_layer().forgive(payload.size() + (masked_ ? 6 : 2));
    });
  }

  ~BeastWebSocket() override { drop(); }

  Stream& stream() { return ws_; }

  /// After the handshake.
  void begin(std::string subprotocol) {
    subprotocol_ = std::move(subprotocol);
    heard_ = loop_.clock().now();
    ws_.next_layer().mark_message();
    ws_.next_layer().set_wire_max(2 * settings_.message_max + limits::kFragmentSlack);
    arm();
  }

  Task<Result<WsMessage>> read(Stop& stop) override {
    auto hook = stop.on_request([this] {
      stopped_ = true;
      drop();
    });
    WsMessage message;
    auto buffer = boost::asio::dynamic_buffer(message.data);
    auto [error, size] = co_await ws_.async_read(buffer, as_result);
    if (error) co_return fail(explain(error));
    heard_ = loop_.clock().now();
    ws_.next_layer().mark_message();
    message.text = ws_.got_text();
    co_return message;
  }

  Task<Result<>> send(WsBatch batch) override {
    Transport& transport = ws_.next_layer();
    error_code error;
    if (masked_) {
      error = gather(batch);
    } else {
      transport.cork();
      for (const auto& text : batch) {
        auto [failed, size] = co_await ws_.async_write(boost::asio::buffer(*text), as_result);
        error = failed;
        if (error) break;
      }
    }
    const error_code lost = co_await transport.flush();
    if (lost) error = lost;
    if (error)
      co_return fail(ErrorCode::network, fmt::format("a frame could not be sent: {}", error.message()));
    co_return Result<>{};
  }

  Task<> close(std::uint16_t code, std::string reason) override {
    if (closing_) co_return;
    closing_ = true;
    auto alarm = loop_.at(loop_.clock().now() + settings_.close_timeout, [this] { drop(); });
    reason.resize(std::min(reason.size(), websocket::reason_string().max_size()));
    websocket::close_reason why(static_cast<websocket::close_code>(code), beast::string_view(reason));
    auto [error] = co_await ws_.async_close(why, as_result);
    if (!error) note_peer_close();
    alarm.reset();
    if (!dropped_) co_await finish(limits::kLinger);
  }

  Task<> finish(Milliseconds patience) override {
    alarm_.reset();
    co_await ws_.next_layer().finish(patience);
    dropped_ = true;
  }

  void drop() override {
    dropped_ = true;
    alarm_.reset();
    ws_.next_layer().close();
  }

  std::uint16_t peer_close_code() const override { return peer_code_; }
  const std::string& peer_close_reason() const override { return peer_reason_; }
  const std::string& subprotocol() const override { return subprotocol_; }

 private:
  /// A server's frames are written as they are; a step of a run is half a dozen, and Beast takes several
  /// turns of the loop for each. What Beast itself writes meanwhile is control frames, each handed over
  /// whole.
  error_code gather(const WsBatch& batch) {
    if (!ws_.is_open()) return boost::asio::error::operation_aborted;  // nothing may follow a close frame
    for (const auto& text : batch) {
      ws_.next_layer().write_raw(frame_head(text->size()));
      ws_.next_layer().write_raw(*text);
    }
    return {};
  }

  void note_peer_close() {
    peer_code_ = ws_.reason().code == websocket::close_code::none ? 1005 : ws_.reason().code;
    peer_reason_ = std::string(ws_.reason().reason.data(), ws_.reason().reason.size());
  }

  Error explain(error_code error) {
    const auto of = [](ErrorCode code, std::string message) {
      return fail(code, std::move(message)).error();
    };
    if (error == websocket::error::closed) {
      note_peer_close();
      return of(ErrorCode::network, fmt::format("the peer closed the connection with {}{}{}", peer_code_,
                                                peer_reason_.empty() ? "" : ": ", peer_reason_));
    }
    if (error == Transport::too_many_fragments()) {
      // Beast takes this for a lost connection and says nothing to the peer, so we do.
      constexpr char frame[] = {'\x88', 2, close_code::kTooBig >> 8,
                                static_cast<char>(close_code::kTooBig & 255)};
      if (masked_) ws_.next_layer().write_raw({frame, sizeof frame});
      return of(ErrorCode::too_large, "a message came in too many fragments");
    }
    if (error == websocket::error::message_too_big)
      return of(ErrorCode::too_large,
                fmt::format("a message is larger than {} bytes", settings_.message_max));
    if (error == websocket::condition::protocol_violation)
      return of(ErrorCode::protocol,
                fmt::format("the peer broke the WebSocket protocol: {}", error.message()));
    if (stopped_) return of(ErrorCode::cancelled, "the connection was given up");
    if (silent_)
      return of(ErrorCode::timeout, fmt::format("nothing was heard for {} ms", settings_.silence.count()));
    return of(ErrorCode::network, fmt::format("the connection was lost: {}", error.message()));
  }

  void arm() {
    const auto every = settings_.ping_every.count() > 0 ? settings_.ping_every : settings_.silence / 2;
    if (every.count() > 0) alarm_ = loop_.at(loop_.clock().now() + every, [this] { tick(); });
  }

  // A peer lives as long as whole messages, pings or pongs come, and no message takes longer than the silence
  // we bear: one byte a second keeps nobody alive.
  void tick() {
    const Instant now = loop_.clock().now();
    const Transport& transport = ws_.next_layer();
    const bool stalled = transport.wire_bytes() > 0 && now - transport.wire_since() >= settings_.silence;
    if (settings_.silence.count() > 0 && (now - heard_ >= settings_.silence || stalled)) {
      silent_ = true;
      return drop();
    }
    if (settings_.ping_every.count() > 0 && !closing_ && !*pinging_) {
      *pinging_ = true;
      ws_.async_ping({}, [pinging = pinging_](error_code) { *pinging = false; });
    }
    arm();
  }

  Loop& loop_;
  const WsSettings settings_;
  Stream ws_;
  const bool masked_;  // what we read: clients mask
  std::string subprotocol_;
  Instant heard_;
  Loop::Alarm alarm_;
  std::shared_ptr<bool> pinging_ = std::make_shared<bool>(false);  // a ping may outlive us in Beast's queue
  bool closing_ = false;
  bool dropped_ = false;
  bool stopped_ = false;
  bool silent_ = false;
  std::uint16_t peer_code_ = 0;
  std::string peer_reason_;
};

ErrorCode code_of(int status) {
  if (status == 401 || status == 403) return ErrorCode::denied;
  if (status == 429 || status == 503) return ErrorCode::busy;
  return ErrorCode::protocol;
}

Error declined(const websocket::response_type& response) {
  const auto status = static_cast<int>(response.result_int());
  std::string said(response.body().substr(0, 300));
  if (auto body = parse_json(response.body()))
    if (const Json* error = find(*body, "error")) said = string_or(*error, "message", said);
  Error error;
  error.code = code_of(status);
  error.message = fmt::format("the server answered {} to the WebSocket handshake: {}", status, said);
  error.status = status;
  error.retryable = error.code == ErrorCode::busy;
  return error;
}

}  // namespace

Task<Result<std::unique_ptr<AcceptedWebSocket>>> accept_websocket(Loop& loop, WsSettings settings,
                                                                  Transport transport, WsUpgrade upgrade,
                                                                  Milliseconds timeout) {
  auto connection = std::make_unique<BeastWebSocket>(loop, settings, std::move(transport), true);
  http::request<http::empty_body> request(http::verb::get, upgrade.target, 11);
  request.set(http::field::host, upgrade.host);
  request.set(http::field::connection, "Upgrade");
  request.set(http::field::upgrade, "websocket");
  request.set(http::field::sec_websocket_key, upgrade.key);
  request.set(http::field::sec_websocket_version, "13");
  connection->stream().set_option(
      websocket::stream_base::decorator([upgrade](websocket::response_type& response) {
        response.set(http::field::server, "troupe");
        response.set("X-Request-Id", upgrade.request_id);
        if (!upgrade.subprotocol.empty())
          response.set(http::field::sec_websocket_protocol, upgrade.subprotocol);
      }));
  auto alarm = loop.at(loop.clock().now() + timeout, [&connection] { connection->drop(); });
  auto [error] = co_await connection->stream().async_accept(request, as_result);
  if (error)
    co_return fail(ErrorCode::network, fmt::format("the WebSocket handshake failed: {}", error.message()));
  connection->begin(upgrade.subprotocol);
  co_return connection;
}

Task<Result<std::unique_ptr<WsConnection>>> handshake_websocket(Loop& loop, WsSettings settings,
                                                                Transport transport, WsHandshake handshake,
                                                                HandshakeAbort& abort) {
  auto connection = std::make_unique<BeastWebSocket>(loop, settings, std::move(transport), false);
  abort.action = [&connection] { connection->drop(); };
  connection->stream().set_option(
      websocket::stream_base::decorator([&handshake](websocket::request_type& request) {
        request.set(http::field::user_agent, "troupe");
        for (const auto& [name, value] : handshake.headers) request.set(name, value);
        if (!handshake.subprotocol.empty())
          request.set(http::field::sec_websocket_protocol, handshake.subprotocol);
      }));
  websocket::response_type response;
  auto [error] =
      co_await connection->stream().async_handshake(response, handshake.host, handshake.target, as_result);
  abort.action = nullptr;
  if (error == websocket::error::upgrade_declined) co_return fail(declined(response));
  if (error)
    co_return fail(ErrorCode::network, fmt::format("the WebSocket handshake failed: {}", error.message()));
  std::string agreed(response[http::field::sec_websocket_protocol]);
  if (!agreed.empty() && agreed != handshake.subprotocol)
    co_return fail(ErrorCode::protocol,
                   fmt::format("the server chose subprotocol `{}`, which was not offered", agreed));
  connection->begin(std::move(agreed));
  co_return connection;
}

}  // namespace troupe::net

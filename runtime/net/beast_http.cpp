// The one place where Beast's HTTP parser is instantiated for the server.
#include "runtime/net/beast_http.h"

#include "runtime/async/one_shot.h"
#include "runtime/base/ascii.h"
#include "runtime/net/beast_websocket.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <ctime>
#include <limits>
#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace troupe::net {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Parser = http::request_parser<http::string_body>;

namespace {

constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

bool sane_id(std::string_view id) {
  const auto sane = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; };
  return !id.empty() && id.size() <= limits::kIdChars && std::ranges::all_of(id, sane);
}

// RFC 6455, section 4.2.1: sixteen bytes in base 64, which is 22 digits and two signs of padding.
bool sane_key(std::string_view key) {
  const auto digit = [](unsigned char c) { return std::isalnum(c) || c == '+' || c == '/'; };
  return key.size() == 24 && key.ends_with("==") && std::ranges::all_of(key.substr(0, 22), digit);
}

ServerReply body_too_large(std::uint64_t most) {
  return error_reply(413, "too_large", fmt::format("the request body is larger than {} bytes", most));
}

// What a request that could not be parsed is answered; nothing when nobody is there to be answered.
std::optional<ServerReply> refusal(error_code error, const HttpServerSettings& settings,
                                   std::uint64_t body_max) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return error_reply(431, "too_large",
                       fmt::format("the request head is larger than {} bytes", settings.header_max));
  if (error == http::error::body_limit) return body_too_large(body_max);
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error == http::error::bad_version)
    return error_reply(505, "invalid", "only HTTP/1.1 and HTTP/1.0 are spoken here");
  if (error.category() == make_error_code(http::error::bad_method).category())
    return error_reply(400, "invalid", fmt::format("the request is not valid HTTP: {}", error.message()));
  return std::nullopt;
}

class HttpConnection {
 public:
  HttpConnection(HttpScope scope, std::unique_ptr<ByteStream> bytes, HttpPeer peer)
      : scope_(scope),
        settings_(scope.settings),
        peer_(std::move(peer)),
        bytes_(bytes.get()),
        transport_(scope.loop, std::move(bytes)) {}

  Task<> run() {
    auto dropped = scope_.drop.on_request([this] { close(); });
    auto drained = scope_.drain.on_request([this] {
      if (idle_) close();
    });
    if (!co_await handshake()) co_return;
    while (co_await serve_one()) {
    }
    if (!upgraded_) co_await transport_.finish(limits::kLinger);
  }

 private:
  // An upgraded connection's transport belongs to its WebSocket, which is dropped instead.
  void close() {
    if (!upgraded_) transport_.close();
  }
  [[nodiscard]] Loop::Alarm within_time(Milliseconds patience) {
    return scope_.loop.at(scope_.loop.clock().now() + patience, [this] { close(); });
  }

  Task<bool> handshake() {
    auto alarm = within_time(settings_.header_timeout);
    OneShot<error_code> done(scope_.loop);
    bytes_->handshake([&done](error_code error, std::size_t) { done.set(error); });
    const error_code error = co_await done.wait();
    if (error) log::debug("TLS handshake failed", {{"peer", peer_.address}, {"reason", error.message()}});
    co_return !error;
  }

  // One request and its answer. False: the connection is over.
  Task<bool> serve_one() {
    if (!co_await wait_for_request()) co_return false;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(settings_.header_max));
    parser.body_limit(
        std::numeric_limits<std::int64_t>::max());  // on_head() says, once it knows what this is
    body_max_ = settings_.body_max;
    if (auto alarm = within_time(settings_.header_timeout); true) {
      auto [error, size] = co_await http::async_read_header(transport_, buffer_, parser, as_result);
      if (error) co_return co_await give_up(error);
    }
    ServerRequest request = describe(parser);
    chunked_ = parser.get().version() >= 11;
    if (auto wrong = check(parser, request)) co_return co_await reply(request, std::move(*wrong), false);
    if (wants_websocket(parser)) co_return co_await upgrade(parser, std::move(request));
    const auto allowed = scope_.handler.on_head(request, settings_.body_max);
    if (!allowed) co_return co_await reply(request, allowed.error(), false);
    body_max_ = *allowed;
    if (parser.content_length().value_or(0) > body_max_)
      co_return co_await reply(request, body_too_large(body_max_), false);
    parser.body_limit(body_max_);

    if (auto alarm = within_time(settings_.body_timeout); true) {
      if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
        transport_.write_raw("HTTP/1.1 100 Continue\r\n\r\n");
        if (co_await transport_.flush()) co_return false;
      }
      auto [error, size] = co_await http::async_read(transport_, buffer_, parser, as_result);
      if (error) co_return co_await give_up(error);
    }
    request.body = std::move(parser.get().body());
    ServerRequest copy = request;  // the handler keeps what it likes; the answer needs method and id
    copy.body = std::move(request.body);
    ServerReply answer = co_await scope_.handler.on_http(std::move(copy), scope_.drain);
    const bool more = parser.get().keep_alive() && !scope_.drain.requested();
    co_return co_await reply(request, std::move(answer), more);
  }

  // An idle connection holds no parser and waits longer than one that has begun to speak.
  Task<bool> wait_for_request() {
    if (scope_.drain.requested()) co_return false;
    if (buffer_.size() > 0) co_return true;
    buffer_.shrink_to_fit();
    auto alarm = within_time(served_ == 0 ? settings_.header_timeout : settings_.idle_timeout);
    idle_ = true;
    auto [error, size] = co_await transport_.async_read_some(buffer_.prepare(1024), as_result);
    idle_ = false;
    buffer_.commit(size);
    co_return !error;
  }

  ServerRequest describe(const Parser& parser) {
    const auto& head = parser.get();
    ServerRequest request;
    request.method = std::string(head.method_string());
    const std::string_view target(head.target().data(), head.target().size());
    const std::size_t mark = std::min(target.find('?'), target.size());
    request.path = target.substr(0, mark);
    request.query = target.substr(std::min(mark + 1, target.size()));
    for (const auto& field : head) {
      std::string name = lower(field.name_string());
      request.headers.emplace_back(std::move(name), std::string(field.value()));
    }
    request.id = request.header("x-request-id");
    if (!sane_id(request.id)) request.id = make_id("q_", scope_.loop.clock().wall_ms(), scope_.rng);
    request.peer = peer_.address;
    request.local = peer_.local;
    request.loopback = peer_.loopback;
    request.tls = peer_.tls;
    return request;
  }

  // What Beast's parser lets pass and two servers in a row may read differently.
  std::optional<ServerReply> check(const Parser& parser, const ServerRequest& request) const {
    if (request.count("host") > 1 || (request.count("host") == 0 && parser.get().version() >= 11))
      return error_reply(400, "invalid", "a request has exactly one Host header");
    if (!request.path.starts_with('/'))
      return error_reply(400, "invalid", "the request target must be a path that begins with `/`");
    if (const auto coding = request.header("transfer-encoding");
        !coding.empty() && !beast::iequals(coding, "chunked"))
      return error_reply(501, "invalid", "the only transfer coding understood is `chunked`");
    return std::nullopt;
  }

  bool wants_websocket(const Parser& parser) const {
    const auto& head = parser.get();
    return http::token_list(head[http::field::upgrade]).exists("websocket") &&
           http::token_list(head[http::field::connection]).exists("upgrade");
  }

  std::optional<ServerReply> check_upgrade(const Parser& parser, const ServerRequest& request) const {
    if (request.method != "GET" || parser.get().version() < 11 || !parser.is_done())
      return error_reply(400, "invalid", "a WebSocket begins with an HTTP/1.1 GET without a body");
    if (request.header("sec-websocket-version") != "13") {
      auto reply = error_reply(426, "invalid", "the only WebSocket version spoken is 13");
      reply.headers.emplace_back("Sec-WebSocket-Version", "13");
      return reply;
    }
    if (request.count("sec-websocket-key") != 1 || !sane_key(request.header("sec-websocket-key")))
      return error_reply(400, "invalid", "Sec-WebSocket-Key must be 16 bytes in base 64");
    return std::nullopt;
  }

  Task<bool> upgrade(Parser& parser, ServerRequest request) {
    if (auto wrong = check_upgrade(parser, request))
      co_return co_await reply(request, std::move(*wrong), false);
    WsUpgrade handshake{request.path, std::string(request.header("host")),
                        std::string(request.header("sec-websocket-key")), "", request.id};
    ServerRequest copy = request;
    auto grant = co_await scope_.handler.on_upgrade(std::move(copy));
    if (!grant) co_return co_await reply(request, std::move(grant.error()), parser.get().keep_alive());
    handshake.subprotocol = grant->subprotocol;

    upgraded_ = true;
    transport_.unread(beast::buffers_to_string(buffer_.data()));
    buffer_ = beast::flat_buffer();
    auto accepted = co_await accept_websocket(scope_.loop, settings_.websocket, std::move(transport_),
                                              std::move(handshake), settings_.write_timeout);
    if (!accepted) co_return false;
    auto& connection = **accepted;
    auto dropped = scope_.drop.on_request([&connection] { connection.drop(); });
    co_await grant->serve(connection, scope_.drain);
    co_await connection.finish(limits::kLinger);
    co_return false;
  }

  // After a request that could not be read nothing that follows on this connection can be trusted.
  Task<bool> give_up(error_code error) {
    auto answer = refusal(error, settings_, body_max_);
    if (!answer) co_return false;
    ServerRequest unreadable;
    unreadable.id = make_id("q_", scope_.loop.clock().wall_ms(), scope_.rng);
    co_return co_await reply(unreadable, std::move(*answer), false);
  }

  std::string head_of(const ServerRequest& request, const ServerReply& answer, bool keep_alive) const {
    const auto phrase = http::obsolete_reason(static_cast<http::status>(answer.status));
    std::string text =
        fmt::format("HTTP/1.1 {} {}\r\nServer: troupe\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\n",
                    answer.status, std::string_view(phrase.data(), phrase.size()),
                    fmt::gmtime(static_cast<std::time_t>(scope_.loop.clock().wall_ms() / 1000)));
    text += fmt::format("Content-Type: {}\r\n", answer.content_type);
    if (!answer.stream)
      text += fmt::format("Content-Length: {}\r\n", answer.body.size());
    else if (chunked_)
      text += "Transfer-Encoding: chunked\r\n";
    text += fmt::format(
        "X-Request-Id: {}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: "
        "{}\r\n",
        request.id, keep_alive ? "keep-alive" : "close");
    for (const auto& [name, value] : answer.headers) text += fmt::format("{}: {}\r\n", name, value);
    return text + "\r\n";
  }

  Task<bool> reply(const ServerRequest& request, ServerReply answer, bool keep_alive) {
    ++served_;
    if (answer.stream && !chunked_) keep_alive = false;  // the end of the connection is the end of the body
    std::string text = head_of(request, answer, keep_alive);
    if (request.method != "HEAD" && !answer.stream) text += answer.body;
    if (!co_await send(text)) co_return false;
    if (answer.stream && request.method != "HEAD") {
      Body body(*this);
      co_await answer.stream(body);
      if (!body.whole()) co_return false;
      if (chunked_ && !co_await send("0\r\n\r\n")) co_return false;
    }
    co_return keep_alive && !scope_.drain.requested();
  }

  Task<bool> send(std::string bytes) {
    auto alarm = within_time(settings_.write_timeout);
    transport_.write_raw(bytes);
    const error_code lost = co_await transport_.flush();
    co_return !lost;
  }

  /// A body piece by piece: in chunks (RFC 9112, section 7.1), or to the end of the connection.
  class Body final : public BodyWriter {
   public:
    explicit Body(HttpConnection& connection) : connection_(connection) {}
    Task<bool> write(std::string bytes) override {
      if (bytes.empty() || !whole_) co_return whole_;
      if (connection_.chunked_) bytes = fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
      whole_ = co_await connection_.send(std::move(bytes));
      co_return whole_;
    }
    bool whole() const { return whole_; }

   private:
    HttpConnection& connection_;
    bool whole_ = true;
  };

  HttpScope scope_;
  const HttpServerSettings& settings_;
  HttpPeer peer_;
  ByteStream* bytes_;  // inside transport_, for the handshake
  Transport transport_;
  beast::flat_buffer buffer_;
  std::size_t body_max_ = 0;  // of the request at hand
  bool chunked_ = true;       // its peer understands chunks
  std::size_t served_ = 0;
  bool idle_ = false;
  bool upgraded_ = false;
};

}  // namespace

Task<> serve_http(HttpScope scope, std::unique_ptr<ByteStream> bytes, HttpPeer peer) {
  HttpConnection connection(scope, std::move(bytes), std::move(peer));
  co_await connection.run();
}

}  // namespace troupe::net

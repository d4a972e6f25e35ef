#include "tests/fakes/http_peer.h"

#include "tests/fakes/certificates.h"
#include "tests/fakes/peer_wire.h"
#include "tests/fakes/run_loop.h"

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <csignal>
#include <future>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <set>
#include <stdexcept>
#include <thread>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>

namespace troupe::fakes {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using asio::awaitable;

namespace {

constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kHeadMax = 256u << 10;
constexpr std::string_view kBadRequest =
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
constexpr int kBacklog = 4096;

std::string decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && std::isxdigit(static_cast<unsigned char>(text[i + 1])) &&
        std::isxdigit(static_cast<unsigned char>(text[i + 2]))) {
      out += static_cast<char>(std::stoul(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string_view take_until(std::string_view& text, std::string_view mark) {
  auto at = text.find(mark);
  std::string_view head = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + mark.size());
  return head;
}

void parse_target(PeerRequest& request) {
  std::string_view target = request.target;
  if (auto scheme = target.find("://"); scheme != target.npos && scheme < target.find('/')) {
    target.remove_prefix(scheme + 3);  // absolute form: a client that takes us for a proxy
    target.remove_prefix(std::min(target.find('/'), target.size()));
  }
  request.path = decode(take_until(target, "?"), false);
  while (!target.empty()) {
    std::string_view pair = take_until(target, "&");
    std::string_view name = take_until(pair, "=");
    request.query.emplace_back(decode(name, true), decode(pair, true));
  }
}

std::optional<PeerRequest> parse_head(std::string_view head) {
  PeerRequest request;
  std::string_view line = take_until(head, "\r\n");
  request.method = take_until(line, " ");
  request.target = take_until(line, " ");
  if (request.method.empty() || request.target.empty() || !line.starts_with("HTTP/1.")) return std::nullopt;
  while (!head.empty()) {
    std::string_view value = take_until(head, "\r\n");
    std::string name(take_until(value, ":"));
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    request.headers.emplace_back(std::move(name), value);
  }
  parse_target(request);
  return request;
}

}  // namespace

struct HttpPeer::Server {
  struct Connection {
    PeerWire wire;
    std::size_t number;
    std::string buffer{};
    bool holding = false;
  };
  struct FreeTls {
    void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
  };

  Server(Handler h, PeerOptions o);
  ~Server();

  void listen(std::uint16_t port);
  awaitable<void> accept();
  awaitable<void> serve(std::shared_ptr<Connection> connection);
  awaitable<std::optional<PeerRequest>> read_request(Connection& connection);
  awaitable<bool> read_body(Connection& connection, PeerRequest& request);
  awaitable<bool> read_chunks(Connection& connection, std::string& body);
  awaitable<bool> fill(Connection& connection, std::size_t size);
  awaitable<bool> perform(Connection& connection, std::vector<PeerReply::Step> steps);
  awaitable<bool> hold(Connection& connection);
  PeerReply reply_to(const PeerRequest& request);

  void count(const std::function<void(Counts&)>& change);
  /// Runs `work` on the peer's thread and waits for it.
  void on_thread(std::function<void()> work);

  PeerOptions options;
  std::optional<Certificates> certificates;
  std::unique_ptr<SSL_CTX, FreeTls> tls;
  std::uint16_t port = 0;  // constant after construction

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  Counts counts;                      // guarded by mutex
  std::vector<PeerRequest> requests;  // guarded by mutex

  asio::io_context context{1};
  // On the peer's thread only:
  Handler handler;
  tcp::acceptor acceptor{context};
  std::set<Connection*> connections;

  std::thread thread;  // last: everything it uses is there before it starts
};

HttpPeer::Server::Server(Handler h, PeerOptions o) : options(o), handler(std::move(h)) {
  if (options.tls) {
    certificates.emplace();
    tls.reset(SSL_CTX_new(TLS_server_method()));
    if (SSL_CTX_use_certificate_file(tls.get(), certificates->certificate_file().c_str(), SSL_FILETYPE_PEM) !=
            1 ||
        SSL_CTX_use_PrivateKey_file(tls.get(), certificates->key_file().c_str(), SSL_FILETYPE_PEM) != 1)
      throw std::runtime_error("the peer cannot load its certificate");
  }
  listen(0);
  port = acceptor.local_endpoint().port();
  thread = std::thread([this] {
    sigset_t pipe;  // OpenSSL writes with write(2), which raises SIGPIPE when the client has left
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    auto guard = asio::make_work_guard(context);
    context.run();
  });
}

HttpPeer::Server::~Server() {
  on_thread([this] {
    acceptor.close();
    for (auto* connection : connections) connection->wire.cut();
  });
  context.stop();
  thread.join();
}

void HttpPeer::Server::listen(std::uint16_t wanted) {
  tcp::endpoint endpoint(asio::ip::address_v4::loopback(), wanted);
  acceptor.open(endpoint.protocol());
  acceptor.set_option(asio::socket_base::reuse_address(true));
  acceptor.bind(endpoint);
  acceptor.listen(kBacklog);
  asio::co_spawn(context, accept(), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

void HttpPeer::Server::count(const std::function<void(Counts&)>& change) {
  {
    std::lock_guard lock(mutex);
    change(counts);
  }
  changed.notify_all();
}

void HttpPeer::Server::on_thread(std::function<void()> work) {
  std::promise<void> done;
  asio::post(context, [&] {
    try {
      work();
      done.set_value();
    } catch (...) {
      done.set_exception(std::current_exception());
    }
  });
  done.get_future().get();
}

awaitable<void> HttpPeer::Server::accept() {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(kNoThrow);
    if (error == asio::error::operation_aborted || !acceptor.is_open()) co_return;
    if (error) {  // out of descriptors: others will be closed
      asio::steady_timer pause(context, std::chrono::milliseconds(5));
      co_await pause.async_wait(kNoThrow);
      continue;
    }
    std::size_t number = 0;
    count([&](Counts& c) { ++c.open, number = ++c.connections; });
    std::shared_ptr<Connection> connection(new Connection{PeerWire(std::move(socket), tls.get()), number});
    connections.insert(connection.get());
    auto ended = [this, connection](std::exception_ptr) {
      connections.erase(connection.get());
      connection->wire.close();
      count([](Counts& c) { --c.open; });
    };
    asio::co_spawn(context, serve(connection), std::move(ended));
  }
}

awaitable<void> HttpPeer::Server::serve(std::shared_ptr<Connection> connection) {
  if (!co_await connection->wire.greet()) co_return;
  for (;;) {
    auto request = co_await read_request(*connection);
    if (!request) co_return;
    PeerReply reply = reply_to(*request);
    bool head_only = request->method == "HEAD";
    bool last = reply.closes() || !options.keep_alive || request->header("connection") == "close";
    count([&](Counts& c) { ++c.requests, requests.push_back(std::move(*request)); });
    bool sent = co_await perform(*connection, reply.steps(head_only));
    if (!sent) co_return;
    count([](Counts& c) { ++c.answered; });
    if (last) co_return;
  }
}

PeerReply HttpPeer::Server::reply_to(const PeerRequest& request) {
  try {
    return handler(request);
  } catch (const std::exception& e) {
    return PeerReply(500, fmt::format("the handler threw: {}", e.what()));
  }
}

/// Reads until `buffer` holds `size` bytes.
awaitable<bool> HttpPeer::Server::fill(Connection& connection, std::size_t size) {
  while (connection.buffer.size() < size) {
    if (!co_await connection.wire.read(connection.buffer)) co_return false;
  }
  co_return true;
}

awaitable<std::optional<PeerRequest>> HttpPeer::Server::read_request(Connection& connection) {
  std::size_t end;
  while ((end = connection.buffer.find("\r\n\r\n")) == std::string::npos) {
    const bool foreign =
        !connection.buffer.empty() && !std::isalpha(static_cast<unsigned char>(connection.buffer[0]));
    if (foreign || connection.buffer.size() > kHeadMax) {  // a TLS hello, say: a head would never end
      co_await connection.wire.write(kBadRequest);
      co_return std::nullopt;
    }
    if (!co_await connection.wire.read(connection.buffer)) co_return std::nullopt;
  }
  auto request = parse_head(std::string_view(connection.buffer).substr(0, end + 2));
  connection.buffer.erase(0, end + 4);
  if (!request) {
    co_await connection.wire.write(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    co_return std::nullopt;
  }
  request->connection = connection.number;
  bool complete = co_await read_body(connection, *request);
  if (!complete) co_return std::nullopt;
  co_return request;
}

awaitable<bool> HttpPeer::Server::read_body(Connection& connection, PeerRequest& request) {
  if (request.header("expect") == "100-continue")
    co_await connection.wire.write("HTTP/1.1 100 Continue\r\n\r\n");
  if (request.header("transfer-encoding") == "chunked")
    co_return co_await read_chunks(connection, request.body);
  std::string length(request.header("content-length"));
  std::size_t size = length.empty() ? 0 : std::stoull(length);
  if (size > options.body_max || !co_await fill(connection, size)) co_return false;
  request.body = connection.buffer.substr(0, size);
  connection.buffer.erase(0, size);
  co_return true;
}

awaitable<bool> HttpPeer::Server::read_chunks(Connection& connection, std::string& body) {
  for (;;) {
    std::size_t eol;
    while ((eol = connection.buffer.find("\r\n")) == std::string::npos) {
      if (!co_await connection.wire.read(connection.buffer)) co_return false;
    }
    std::size_t size = std::stoull(connection.buffer.substr(0, eol), nullptr, 16);
    if (body.size() + size > options.body_max || !co_await fill(connection, eol + 2 + size + 2))
      co_return false;
    body += connection.buffer.substr(eol + 2, size);
    connection.buffer.erase(0, eol + 2 + size + 2);
    if (size == 0) co_return true;
  }
}

/// False when the connection is not to be used again.
awaitable<bool> HttpPeer::Server::perform(Connection& connection, std::vector<PeerReply::Step> steps) {
  using Kind = PeerReply::Step::Kind;
  constexpr auto kForEver = std::chrono::steady_clock::time_point::max();
  for (const auto& step : steps) {
    bool goes_on = true;
    switch (step.kind) {
      case Kind::send:
        goes_on = co_await connection.wire.write(step.bytes);
        break;
      case Kind::pause:
        goes_on = co_await connection.wire.idle(std::chrono::steady_clock::now() + step.duration);
        break;
      case Kind::hold:
        goes_on = co_await hold(connection);
        break;
      case Kind::stall:
        goes_on = co_await connection.wire.idle(kForEver) && false;
        break;
      case Kind::cut:
      case Kind::reset:
        connection.wire.cut(step.kind == Kind::reset);
        goes_on = false;
        break;
    }
    if (!goes_on) co_return false;
  }
  co_return true;
}

awaitable<bool> HttpPeer::Server::hold(Connection& connection) {
  connection.holding = true;
  count([](Counts& c) { ++c.held; });
  bool goes_on = true;
  while (connection.holding && goes_on)
    goes_on = co_await connection.wire.idle(std::chrono::steady_clock::time_point::max());
  count([](Counts& c) { --c.held; });
  connection.holding = false;
  co_return goes_on;
}

HttpPeer::HttpPeer(Handler handler, PeerOptions options)
    : server_(std::make_unique<Server>(std::move(handler), options)) {}

HttpPeer::~HttpPeer() = default;

std::uint16_t HttpPeer::port() const {
  return server_->port;
}

std::string HttpPeer::url(std::string_view path) const {
  return url_as("127.0.0.1", path);
}

std::string HttpPeer::url_as(std::string_view host, std::string_view path) const {
  return fmt::format("{}://{}:{}{}", server_->options.tls ? "https" : "http", host, server_->port, path);
}

std::string HttpPeer::ca_file() const {
  return server_->certificates ? server_->certificates->ca_file() : "";
}

void HttpPeer::answer(Handler handler) {
  server_->on_thread([&] { server_->handler = std::move(handler); });
}

HttpPeer::Counts HttpPeer::counts() const {
  std::lock_guard lock(server_->mutex);
  return server_->counts;
}

std::vector<PeerRequest> HttpPeer::requests() const {
  std::lock_guard lock(server_->mutex);
  return server_->requests;
}

bool HttpPeer::wait(const std::function<bool(const Counts&)>& until) const {
  std::unique_lock lock(server_->mutex);
  return server_->changed.wait_for(lock, kMaxTestWait, [&] { return until(server_->counts); });
}

bool HttpPeer::wait_for_requests(std::size_t at_least) const {
  return wait([=](const Counts& c) { return c.requests >= at_least; });
}

bool HttpPeer::wait_for_open(std::size_t exactly) const {
  return wait([=](const Counts& c) { return c.open == exactly; });
}

bool HttpPeer::wait_for_held(std::size_t at_least) const {
  return wait([=](const Counts& c) { return c.held >= at_least; });
}

void HttpPeer::release() {
  server_->on_thread([&] {
    for (auto* connection : server_->connections) {
      if (std::exchange(connection->holding, false)) connection->wire.wake();
    }
  });
}

void HttpPeer::drop_connections() {
  server_->on_thread([&] {
    for (auto* connection : server_->connections) connection->wire.cut();
  });
}

void HttpPeer::down() {
  server_->on_thread([&] { server_->acceptor.close(); });
  drop_connections();
}

void HttpPeer::up() {
  server_->on_thread([&] { server_->listen(server_->port); });
}

}  // namespace troupe::fakes

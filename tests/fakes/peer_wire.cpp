#include "tests/fakes/peer_wire.h"

#include <array>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace troupe::fakes {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {
constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);
}

void PeerWire::FreeTls::operator()(SSL* tls) const {
  SSL_free(tls);
}

PeerWire::PeerWire(tcp::socket socket, SSL_CTX* tls)
    : socket_(std::move(socket)), timer_(socket_.get_executor()) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
  if (!tls) return;
  tls_.reset(SSL_new(tls));
  SSL_set_fd(tls_.get(), socket_.native_handle());
  SSL_set_mode(tls_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

PeerWire::~PeerWire() {
  *alive_ = false;
  if (socket_.is_open()) close();
}

/// Waits for what OpenSSL wants; false when it wants nothing more from this connection.
asio::awaitable<bool> PeerWire::ready(int tls_error) {
  if (tls_error != SSL_ERROR_WANT_READ && tls_error != SSL_ERROR_WANT_WRITE) co_return false;
  auto what = tls_error == SSL_ERROR_WANT_READ ? tcp::socket::wait_read : tcp::socket::wait_write;
  auto [error] = co_await socket_.async_wait(what, kNoThrow);
  co_return !error;
}

asio::awaitable<bool> PeerWire::greet() {
  while (tls_ && socket_.is_open()) {
    ERR_clear_error();
    int done = SSL_accept(tls_.get());
    if (done == 1) co_return true;
    if (!co_await ready(SSL_get_error(tls_.get(), done))) co_return false;
  }
  co_return socket_.is_open();
}

asio::awaitable<bool> PeerWire::read(std::string& buffer) {
  std::array<char, 16384> block;
  if (!tls_) {
    auto [error, size] = co_await socket_.async_read_some(asio::buffer(block), kNoThrow);
    buffer.append(block.data(), size);
    co_return !error;
  }
  while (socket_.is_open()) {
    ERR_clear_error();
    int size = SSL_read(tls_.get(), block.data(), block.size());
    if (size > 0) {
      buffer.append(block.data(), static_cast<std::size_t>(size));
      co_return true;
    }
    if (!co_await ready(SSL_get_error(tls_.get(), size))) co_return false;
  }
  co_return false;
}

asio::awaitable<bool> PeerWire::write(std::string_view bytes) {
  if (!tls_) {
    auto [error, size] = co_await asio::async_write(socket_, asio::buffer(bytes), kNoThrow);
    co_return !error;
  }
  while (!bytes.empty()) {
    if (!socket_.is_open()) co_return false;
    ERR_clear_error();
    int size =
        SSL_write(tls_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1u << 20)));
    if (size > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(size));
    } else if (!co_await ready(SSL_get_error(tls_.get(), size))) {
      co_return false;
    }
  }
  co_return true;
}

/// Readable and nothing to read, or over TLS anything to read: between answers that can only be a goodbye.
bool PeerWire::client_left() {
  if (!socket_.is_open()) return true;
  char byte;
  ssize_t got = recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got < 0) return errno != EAGAIN && errno != EINTR;
  return got == 0 || tls_;
}

asio::awaitable<bool> PeerWire::idle(std::chrono::steady_clock::time_point until) {
  if (client_left()) co_return false;
  auto left = std::make_shared<bool>(false);
  timer_.expires_at(until);
  socket_.async_wait(tcp::socket::wait_read, [this, left, alive = alive_](boost::system::error_code error) {
    if (error || !*alive) return;
    *left = client_left();
    if (*left) timer_.cancel();
  });
  co_await timer_.async_wait(kNoThrow);
  boost::system::error_code ignored;
  if (socket_.is_open()) socket_.cancel(ignored);
  co_return !*left && socket_.is_open();
}

void PeerWire::close() {
  boost::system::error_code ignored;
  if (tls_ && socket_.is_open() && SSL_is_init_finished(tls_.get())) SSL_shutdown(tls_.get());
  if (socket_.is_open()) socket_.shutdown(tcp::socket::shutdown_send, ignored);
  cut();
}

void PeerWire::cut(bool reset) {
  boost::system::error_code ignored;
  if (reset && socket_.is_open()) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
  timer_.cancel();
}

}  // namespace troupe::fakes

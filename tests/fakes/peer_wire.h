#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <openssl/types.h>

namespace troupe::fakes {

/// One accepted connection of an HttpPeer as bytes: plain, or TLS when it is given a context. Used on the
/// peer's thread only, by one coroutine. After close() or cut() every call answers "no".
class PeerWire {
 public:
  PeerWire(boost::asio::ip::tcp::socket socket, SSL_CTX* tls);
  ~PeerWire();

  /// The TLS handshake, if there is one to make.
  boost::asio::awaitable<bool> greet();
  /// Appends what arrives next; false when the client left.
  boost::asio::awaitable<bool> read(std::string& buffer);
  boost::asio::awaitable<bool> write(std::string_view bytes);
  /// Waits until the client leaves or `until` has passed; false when it left.
  boost::asio::awaitable<bool> idle(std::chrono::steady_clock::time_point until);
  /// Ends an idle() as if its time had come.
  void wake() { timer_.cancel(); }

  /// Says goodbye (close_notify, FIN) and closes.
  void close();
  /// Closes without a word; `reset`: with a TCP reset.
  void cut(bool reset = false);

 private:
  struct FreeTls {
    void operator()(SSL* tls) const;
  };

  boost::asio::awaitable<bool> ready(int tls_error);
  bool client_left();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<SSL, FreeTls> tls_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace troupe::fakes

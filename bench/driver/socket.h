#pragma once

#include "runtime/async/task.h"

#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace troupe::bench {

/// A WebSocket client that does no more than measuring needs, so that the driver takes little of the two
/// cores it shares with the daemon: text frames, masked with a key of zeros, no fragments, no compression.
class Socket {
 public:
  explicit Socket(boost::asio::io_context& context) : socket_(context) {}

  /// Connects to 127.0.0.1:port and upgrades /v1/chat. Throws when the daemon answers anything else.
  Task<> connect(unsigned short port);
  Task<> send(std::string text);
  /// The next text frame; valid until the next call. Answers pings. Throws when the connection ends.
  Task<std::string_view> receive();

 private:
  Task<> fill();
  Task<> write_frame(unsigned char opcode, std::string text);

  boost::asio::ip::tcp::socket socket_;
  std::string buffer_;
  std::size_t consumed_ = 0;
};

}  // namespace troupe::bench

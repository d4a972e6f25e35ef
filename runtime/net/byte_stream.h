#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

namespace troupe::net {

/// A connected byte stream, plain TCP or TLS: the one thing that HTTP and WebSocket stand on, so that their
/// templates are instantiated once and not once per transport.
///
/// One read and one write may be outstanding, each with memory that stays until its Done was called. Done is
/// never called on the caller's stack. After close() what is outstanding ends with operation_aborted. Loop
/// thread only. A stream may be destroyed while operations are outstanding.
class ByteStream {
 public:
  using Done = std::move_only_function<void(boost::system::error_code, std::size_t)>;

  virtual ~ByteStream() = default;
  /// TLS: agrees with the peer; plain TCP: nothing. Before anything else.
  virtual void handshake(Done done) = 0;
  /// At least one byte, or an error (eof when the peer has finished).
  virtual void read_some(boost::asio::mutable_buffer into, Done done) = 0;
  /// All of it.
  virtual void write(boost::asio::const_buffer data, Done done) = 0;
  /// Ends our side, then reads and throws away what the peer still sends until it ends its own, so that our
  /// last words are not lost to a reset. Nothing else may be outstanding; the caller bounds the time by
  /// close().
  virtual void finish(Done done) = 0;
  virtual void close() = 0;
};

/// Over a connected socket. Sets what every socket of ours has: no delay, close-on-exec.
std::unique_ptr<ByteStream> make_tcp_stream(boost::asio::ip::tcp::socket socket);
void prepare_socket(boost::asio::ip::tcp::socket& socket);

}  // namespace troupe::net

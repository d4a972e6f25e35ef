#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/task.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

namespace troupe::fakes {

/// A WebSocket frame as it stands on the wire.
struct RawFrame {
  bool fin = true;
  int rsv = 0;  ///< three bits
  int opcode = 1;
  std::string payload;
  /// Of a close frame; 1005 when it has none.
  int close_code() const;
};

inline constexpr int kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10;

/// Bytes of a client's frame: masked unless told otherwise.
std::string raw_frame(const RawFrame& frame, bool masked = true);
std::string raw_text(std::string payload);
std::string raw_close(int code, std::string reason = "");

/// A TCP client that can do everything wrong. The time is bounded by fakes::run.
class RawSocket {
 public:
  explicit RawSocket(Loop& loop) : loop_(loop), socket_(loop.context()) {}

  Task<> connect(std::uint16_t port);
  /// False when the peer has gone.
  Task<bool> write(std::string bytes);
  /// Up to and including `marker`; shorter when the peer ends first.
  Task<std::string> read_until(std::string marker);
  /// Exactly n bytes; shorter when the peer ends first.
  Task<std::string> read(std::size_t n);
  /// Until the peer ends.
  Task<std::string> read_all();
  /// One HTTP answer with its Content-Length body.
  Task<std::string> read_reply();
  /// Sends a valid upgrade request with further header lines ("A: b\r\n"); the head of the answer.
  Task<std::string> upgrade(std::string path, std::string headers = "");
  /// The next frame; nothing when the peer has ended.
  Task<std::optional<RawFrame>> read_frame();
  /// Frames until the peer ends.
  Task<std::vector<RawFrame>> read_frames();
  /// The code of the close frame that comes sooner or later; 0 when the peer ends without one.
  Task<int> read_close();

  /// Bounds what the system holds on its way to us from a peer in this process, so that a peer notices soon
  /// when we do not read: about four times `bytes`. Call it after upgrade(). Throws when the peer is
  /// elsewhere.
  void bound_buffers(int bytes = 64 << 10);

  boost::asio::ip::tcp::socket& socket() { return socket_; }
  void close() { socket_.close(); }

 private:
  Task<bool> fill();

  Loop& loop_;
  boost::asio::ip::tcp::socket socket_;
  std::string buffer_;
  std::uint16_t port_ = 0;
};

}  // namespace troupe::fakes

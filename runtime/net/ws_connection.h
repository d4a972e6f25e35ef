#pragma once

#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/limits.h"
#include "runtime/base/result.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe::net {

struct WsMessage {
  std::string data;
  bool text = true;  ///< false: a binary message. Text is valid UTF-8.
};

/// Texts that are sent as one message each, shared with whoever else is sent the same.
using WsBatch = std::vector<std::shared_ptr<const std::string>>;

/// Close codes (RFC 6455, section 7.4.1) that we send.
namespace close_code {
inline constexpr std::uint16_t kNormal = 1000;
inline constexpr std::uint16_t kGoingAway = 1001;
inline constexpr std::uint16_t kProtocol = 1002;
inline constexpr std::uint16_t kPolicy = 1008;
inline constexpr std::uint16_t kTooBig = 1009;
inline constexpr std::uint16_t kInternal = 1011;
inline constexpr std::uint16_t kTryLater = 1013;
}  // namespace close_code

/// Bounds of one connection. Tests set milliseconds.
struct WsSettings {
  std::size_t message_max = limits::kMessageBytes;            ///< larger: close 1009
  std::chrono::milliseconds ping_every = limits::kPingEvery;  ///< zero: never
  std::chrono::milliseconds silence = limits::kSilence;  ///< without a whole message, ping or pong: dropped
  std::chrono::milliseconds close_timeout = limits::kCloseTimeout;
};

/// One WebSocket connection, either end. Text messages out, any message in. Pings are answered while somebody
/// reads. permessage-deflate is not offered: a compressor costs a connection some 300 KB, a frame that many
/// clients share would be compressed once for each, and what is never inflated cannot be a bomb.
///
/// One read and one send may be outstanding; close and drop may be called at any time. It must not be
/// destroyed before what is outstanding has returned. Loop thread only.
class WsConnection {
 public:
  virtual ~WsConnection() = default;

  /// The next whole message. A request of `stop` drops the connection (a frame cannot be half read).
  /// Errors: network (closed or lost; close_code() tells which), protocol (the peer broke RFC 6455; it was
  /// sent 1002 or 1007), too_large (it was sent 1009), timeout (silence), cancelled (stop).
  virtual Task<Result<WsMessage>> read(Stop& stop) = 0;

  /// Sends each text as one message; returns when the kernel has taken all of it, which a slow reader delays.
  /// Errors: network.
  virtual Task<Result<>> send(WsBatch batch) = 0;

  /// Sends a close frame after what is being sent, and waits for the peer's, at most close_timeout; then the
  /// connection is dropped. `reason` is at most 123 bytes. Closing twice is not an error.
  virtual Task<> close(std::uint16_t code, std::string reason) = 0;

  /// Ends everything now.
  virtual void drop() = 0;

  /// What the peer closed with; 0 when it has not closed (yet), 1005 when it gave no code.
  virtual std::uint16_t peer_close_code() const = 0;
  virtual const std::string& peer_close_reason() const = 0;
  /// The subprotocol both agreed on, or "".
  virtual const std::string& subprotocol() const = 0;
};

/// Sends one text.
Task<Result<>> send_text(WsConnection& connection, std::string text);

}  // namespace troupe::net

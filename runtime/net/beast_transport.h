#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/task.h"
#include "runtime/net/byte_stream.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace boost::beast {
enum class role_type;
}

namespace troupe::net {

/// What Beast calls the next layer: a ByteStream that gathers writes. While it is corked, writes are only
/// collected; flush() sends them with one system call. Beast writes one WebSocket frame at a time, and a step
/// of a run is several frames: the system call is most of what a frame costs.
///
/// It also counts what arrives since the last message was complete, because Beast bounds the payload of a
/// message but not the number of its fragments. Loop thread only.
class Transport {
 public:
  using executor_type = boost::asio::io_context::executor_type;
  using error_code = boost::system::error_code;

  Transport(Loop& loop, std::unique_ptr<ByteStream> bytes);
  ~Transport();
  Transport(Transport&&) noexcept;
  Transport& operator=(Transport&&) noexcept;

  executor_type get_executor() const noexcept;

  /// Gives bytes back that were read too far (frames that came with the upgrade request).
  void unread(std::string bytes);

  void cork();
  /// Uncorks; returns when everything written so far has left, or with the error that prevents it.
  Task<error_code> flush();
  /// Puts whole frames of our own behind what is waiting, for the next flush(). Not while Beast is in the
  /// middle of a frame: it hands over up to 64 KiB at once, so control frames are no matter.
  void write_raw(std::string_view bytes);
  /// Flushes, ends our side and waits for the peer to end its own, at most `patience`; then closes.
  Task<> finish(Milliseconds patience);
  void close();

  /// Bytes that arrived since the last mark_message(), minus those forgiven (control frames).
  std::size_t wire_bytes() const;
  /// When the first of them arrived.
  Instant wire_since() const;
  void mark_message();
  void forgive(std::size_t bytes);
  /// Reads fail with too_many_fragments() once wire_bytes() passes this; 0 = never.
  void set_wire_max(std::size_t bytes);
  static error_code too_many_fragments();

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [core = core_](auto handler, boost::asio::mutable_buffer into) {
          read_some(core, into, ByteStream::Done(std::move(handler)));
        },
        token, first_of(buffers));
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [core = core_](auto handler, const Buffers& parts) {
          std::size_t taken = 0;
          const auto end = boost::asio::buffer_sequence_end(parts);
          for (auto it = boost::asio::buffer_sequence_begin(parts); it != end; ++it) {
            const boost::asio::const_buffer part(*it);
            gather(core, {static_cast<const char*>(part.data()), part.size()});
            taken += part.size();
          }
          written(core, taken, ByteStream::Done(std::move(handler)));
        },
        token, buffers);
  }

  /// Beast's hooks, found by argument lookup.
  friend void beast_close_socket(Transport& transport) { transport.close(); }
  template <class Handler>
  friend void async_teardown(boost::beast::role_type, Transport& transport, Handler&& handler) {
    // The close frame may still wait in our buffer: finish() ends the stream, after the flush.
    boost::asio::post(transport.get_executor(),
                      [h = std::forward<Handler>(handler)]() mutable { std::move(h)(error_code{}); });
  }

 private:
  struct Core;

  template <class Buffers>
  static boost::asio::mutable_buffer first_of(const Buffers& buffers) {
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto it = boost::asio::buffer_sequence_begin(buffers); it != end; ++it) {
      const boost::asio::mutable_buffer part(*it);
      if (part.size() > 0) return part;
    }
    return {};
  }

  static void read_some(const std::shared_ptr<Core>& core, boost::asio::mutable_buffer into,
                        ByteStream::Done done);
  static void gather(const std::shared_ptr<Core>& core, std::string_view bytes);
  static void written(const std::shared_ptr<Core>& core, std::size_t taken, ByteStream::Done done);
  static void start_write(const std::shared_ptr<Core>& core);

  std::shared_ptr<Core> core_;  // shared with what is outstanding in the ByteStream
};

}  // namespace troupe::net

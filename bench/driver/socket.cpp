#include "bench/driver/socket.h"

#include <cstdint>
#include <stdexcept>

#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace troupe::bench {

namespace asio = boost::asio;

namespace {

constexpr unsigned char kText = 1, kClose = 8, kPing = 9, kPong = 10;

struct FrameHead {
  std::size_t head = 0;  ///< bytes; 0 = not complete yet
  std::size_t size = 0;
  unsigned char opcode = 0;
};

FrameHead read_head(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  FrameHead frame;
  if (bytes.size() < 2) return frame;
  frame.opcode = at(0) & 0x0f;
  const unsigned length = at(1) & 0x7f;
  const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (bytes.size() < 2 + extra) return frame;
  frame.head = 2 + extra;
  frame.size = extra == 0 ? length : 0;
  for (std::size_t i = 0; i < extra; ++i) frame.size = frame.size << 8 | at(2 + i);
  return frame;
}

}  // namespace

Task<> Socket::connect(unsigned short port) {
  const asio::ip::tcp::endpoint peer(asio::ip::address_v4::loopback(), port);
  co_await socket_.async_connect(peer, asio::use_awaitable);
  socket_.set_option(asio::ip::tcp::no_delay(true));
  const std::string request =
      "GET /v1/chat HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: troupe.v1\r\n\r\n";
  co_await asio::async_write(socket_, asio::buffer(request), asio::use_awaitable);
  std::size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) co_await fill();
  if (!buffer_.starts_with("HTTP/1.1 101")) {
    throw std::runtime_error("no WebSocket at port " + std::to_string(port) + ": " + buffer_.substr(0, 200));
  }
  consumed_ = end + 4;
}

Task<> Socket::fill() {
  buffer_.erase(0, consumed_);
  consumed_ = 0;
  const auto filled = buffer_.size();
  buffer_.resize(filled + 4096);
  const auto got =
      co_await socket_.async_read_some(asio::buffer(buffer_.data() + filled, 4096), asio::use_awaitable);
  buffer_.resize(filled + got);
}

Task<> Socket::write_frame(unsigned char opcode, std::string text) {
  std::string frame;
  frame += static_cast<char>(0x80 | opcode);
  if (text.size() < 126) {
    frame += static_cast<char>(0x80 | text.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(text.size() >> 8);
    frame += static_cast<char>(text.size());
  }
  frame.append(4, '\0');  // the mask: zeros leave the text as it is
  frame += text;
  co_await asio::async_write(socket_, asio::buffer(frame), asio::use_awaitable);
}

Task<> Socket::send(std::string text) {
  return write_frame(kText, std::move(text));
}

Task<std::string_view> Socket::receive() {
  for (;;) {
    const std::string_view bytes = std::string_view(buffer_).substr(consumed_);
    const auto frame = read_head(bytes);
    if (frame.head == 0 || bytes.size() < frame.head + frame.size) {
      co_await fill();
      continue;
    }
    const auto payload = bytes.substr(frame.head, frame.size);
    consumed_ += frame.head + frame.size;
    if (frame.opcode == kText) co_return payload;
    if (frame.opcode == kClose) throw std::runtime_error("the daemon closed the connection");
    if (frame.opcode == kPing) {
      std::string pong(payload);
      co_await write_frame(kPong, std::move(pong));
    }
  }
}

}  // namespace troupe::bench

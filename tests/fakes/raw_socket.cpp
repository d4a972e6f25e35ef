#include "tests/fakes/raw_socket.h"

#include <charconv>
#include <filesystem>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

namespace troupe::fakes {

using boost::asio::ip::tcp;

namespace {
constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);
}

int RawFrame::close_code() const {
  if (payload.size() < 2) return 1005;
  return static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
}

std::string raw_frame(const RawFrame& frame, bool masked) {
  std::string out;
  out += static_cast<char>((frame.fin ? 0x80 : 0) | frame.rsv << 4 | frame.opcode);
  const std::size_t n = frame.payload.size();
  const int bit = masked ? 0x80 : 0;
  const int extended = n < 126 ? 0 : n < 65536 ? 2 : 8;
  out += static_cast<char>(bit | (extended == 0 ? static_cast<int>(n) : extended == 2 ? 126 : 127));
  for (int shift = (extended - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(n >> shift & 255);
  const char mask[] = {0x11, 0x22, 0x33, 0x44};
  if (masked) out.append(mask, 4);
  for (std::size_t i = 0; i < n; ++i) out += static_cast<char>(frame.payload[i] ^ (masked ? mask[i % 4] : 0));
  return out;
}

std::string raw_text(std::string payload) {
  return raw_frame({.opcode = kText, .payload = std::move(payload)});
}

std::string raw_close(int code, std::string reason) {
  reason.insert(0, {static_cast<char>(code >> 8), static_cast<char>(code & 255)});
  return raw_frame({.opcode = kClose, .payload = std::move(reason)});
}

Task<> RawSocket::connect(std::uint16_t port) {
  port_ = port;
  const tcp::endpoint daemon(boost::asio::ip::address_v4::loopback(), port);
  co_await socket_.async_connect(daemon, boost::asio::use_awaitable);
  socket_.set_option(tcp::no_delay(true));
}

Task<bool> RawSocket::write(std::string bytes) {
  auto [error, n] = co_await boost::asio::async_write(socket_, boost::asio::buffer(bytes), as_result);
  co_return !error;
}

Task<bool> RawSocket::fill() {
  const std::size_t had = buffer_.size();
  buffer_.resize(had + 65536);
  auto [error, n] =
      co_await socket_.async_read_some(boost::asio::buffer(buffer_.data() + had, 65536), as_result);
  buffer_.resize(had + n);
  co_return !error;
}

Task<std::string> RawSocket::read_until(std::string marker) {
  std::size_t at;
  while ((at = buffer_.find(marker)) == std::string::npos)
    if (!co_await fill()) co_return std::exchange(buffer_, {});
  std::string found = buffer_.substr(0, at + marker.size());
  buffer_.erase(0, found.size());
  co_return found;
}

Task<std::string> RawSocket::read(std::size_t n) {
  while (buffer_.size() < n)
    if (!co_await fill()) break;
  std::string found = buffer_.substr(0, n);
  buffer_.erase(0, found.size());
  co_return found;
}

Task<std::string> RawSocket::read_all() {
  while (co_await fill()) {
  }
  co_return std::exchange(buffer_, {});
}

Task<std::string> RawSocket::read_reply() {
  std::string reply = co_await read_until("\r\n\r\n");
  const std::size_t at = reply.find("Content-Length: ");
  std::size_t length = 0;
  if (at != std::string::npos) std::from_chars(reply.data() + at + 16, reply.data() + reply.size(), length);
  reply += co_await read(length);
  co_return reply;
}

Task<std::string> RawSocket::upgrade(std::string path, std::string headers) {
  std::string request = fmt::format(
      "GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{}\r\n",
      path, port_, headers);
  co_await write(std::move(request));
  co_return co_await read_until("\r\n\r\n");
}

Task<std::optional<RawFrame>> RawSocket::read_frame() {
  std::string head = co_await read(2);
  if (head.size() < 2) co_return std::nullopt;
  RawFrame frame;
  frame.fin = head[0] & 0x80;
  frame.rsv = head[0] >> 4 & 7;
  frame.opcode = head[0] & 15;
  std::size_t length = head[1] & 127;
  if (length >= 126) {
    const std::string extended = co_await read(length == 126 ? 2 : 8);
    length = 0;
    for (unsigned char c : extended) length = length << 8 | c;
  }
  frame.payload = co_await read(length);
  if (frame.payload.size() < length) co_return std::nullopt;
  co_return frame;
}

Task<std::vector<RawFrame>> RawSocket::read_frames() {
  std::vector<RawFrame> frames;
  while (auto frame = co_await read_frame()) frames.push_back(std::move(*frame));
  co_return frames;
}

Task<int> RawSocket::read_close() {
  while (auto frame = co_await read_frame())
    if (frame->opcode == kClose) co_return frame->close_code();
  co_return 0;
}

void RawSocket::bound_buffers(int bytes) {
  const auto ours = socket_.local_endpoint();
  setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int descriptor = std::stoi(entry.path().filename().string());
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || peer.sin_family != AF_INET)
      continue;
    if (ntohs(peer.sin_port) != ours.port() || descriptor == socket_.native_handle()) continue;
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    return;
  }
  throw std::runtime_error("the peer of this socket is not in this process");
}

}  // namespace troupe::fakes

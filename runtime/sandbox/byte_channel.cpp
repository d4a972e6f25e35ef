#include "runtime/sandbox/byte_channel.h"

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace troupe::sandbox {
namespace {

constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);
constexpr int kInARow =
    8;  // reads or writes that did not have to wait, then the rest of the loop has its turn
constexpr std::size_t kWriteAtOnce = 256u << 10;

}  // namespace

using boost::asio::posix::stream_descriptor;

ByteChannel::ByteChannel(Loop& loop, Descriptor descriptor)
    : descriptor_(loop.context(), descriptor.release()) {
  descriptor_.native_non_blocking(true);
}

Task<std::size_t> ByteChannel::read_some(std::span<char> into) {
  for (;;) {
    if (cancelled_) co_return 0;
    const ssize_t n = ::read(descriptor_.native_handle(), into.data(), into.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      co_await ready(stream_descriptor::wait_read);
      continue;
    }
    if (++in_a_row_ >= kInARow) {
      in_a_row_ = 0;
      co_await boost::asio::post(descriptor_.get_executor(), boost::asio::use_awaitable);
    }
    co_return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
}

Task<bool> ByteChannel::write(std::string_view data) {
  while (!data.empty()) {
    if (cancelled_) co_return false;
    const ssize_t n =
        ::send(descriptor_.native_handle(), data.data(), std::min(data.size(), kWriteAtOnce), MSG_NOSIGNAL);
    if (n >= 0) {
      data.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      co_await ready(stream_descriptor::wait_write);
    } else if (errno != EINTR) {
      co_return false;
    }
  }
  co_return true;
}

Task<> ByteChannel::ready(stream_descriptor::wait_type what) {
  in_a_row_ = 0;
  co_await descriptor_.async_wait(what, as_result);  // an error shows in the next read or write
}

void ByteChannel::cancel() {
  cancelled_ = true;
  boost::system::error_code ignored;
  descriptor_.cancel(ignored);
}

ByteChannel::Waiting ByteChannel::waiting() const {
  char byte;
  const ssize_t n =
      ::recv(const_cast<stream_descriptor&>(descriptor_).native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n > 0) return Waiting::bytes;
  return n < 0 && (errno == EAGAIN || errno == EINTR) ? Waiting::nothing : Waiting::end;
}

}  // namespace troupe::sandbox

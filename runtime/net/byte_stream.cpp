#include "runtime/net/byte_stream.h"

#include <fcntl.h>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace troupe::net {

using boost::asio::ip::tcp;
using boost::system::error_code;

void prepare_socket(tcp::socket& socket) {
  error_code ignored;  // a socket the peer has reset already refuses options; its next read says so
  socket.set_option(tcp::no_delay(true), ignored);
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);  // tools run in processes of their own
}

namespace {

constexpr std::size_t kDiscard = 4u << 20;  // thrown away at most while finishing

class TcpStream final : public ByteStream {
 public:
  explicit TcpStream(tcp::socket socket) : state_(std::make_shared<State>(std::move(socket))) {}
  ~TcpStream() override { close(); }

  void handshake(Done done) override {
    boost::asio::post(state_->socket.get_executor(), [done = std::move(done)]() mutable { done({}, 0); });
  }

  void read_some(boost::asio::mutable_buffer into, Done done) override {
    state_->socket.async_read_some(into, std::move(done));
  }

  void write(boost::asio::const_buffer data, Done done) override {
    boost::asio::async_write(state_->socket, data, std::move(done));
  }

  void finish(Done done) override {
    error_code ignored;
    state_->socket.shutdown(tcp::socket::shutdown_send, ignored);
    discard(state_, std::move(done));
  }

  void close() override {
    error_code ignored;
    state_->socket.close(ignored);
  }

 private:
  struct State {
    explicit State(tcp::socket s) : socket(std::move(s)) {}
    tcp::socket socket;
    std::vector<char> waste;  // only while finishing
    std::size_t wasted = 0;
  };

  static void discard(std::shared_ptr<State> state, Done done) {
    State& s = *state;
    s.waste.resize(4096);
    s.socket.async_read_some(boost::asio::buffer(s.waste), [state = std::move(state), done = std::move(done)](
                                                               error_code error, std::size_t n) mutable {
      state->wasted += n;
      if (error || state->wasted > kDiscard) return done({}, 0);
      discard(std::move(state), std::move(done));
    });
  }

  std::shared_ptr<State> state_;
};

}  // namespace

std::unique_ptr<ByteStream> make_tcp_stream(tcp::socket socket) {
  prepare_socket(socket);
  return std::make_unique<TcpStream>(std::move(socket));
}

}  // namespace troupe::net

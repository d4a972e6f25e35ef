#include "bench/mock_model/connection.h"

#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace troupe::bench {

namespace asio = boost::asio;

MockConnection::MockConnection(MockServer& server, asio::ip::tcp::socket socket)
    : server_(server), socket_(std::move(socket)), timer_(socket_.get_executor()), buffer_(16 << 10, '\0') {}

void MockConnection::read() {
  if (filled_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
  socket_.async_read_some(asio::buffer(buffer_.data() + filled_, buffer_.size() - filled_),
                          [self = shared_from_this()](boost::system::error_code error, std::size_t got) {
                            if (error) return;
                            self->filled_ += got;
                            self->on_bytes();
                          });
}

void MockConnection::on_bytes() {
  const auto request = read_request(std::string_view(buffer_.data(), filled_));
  if (request.bytes == 0) return read();
  answer(request);
  buffer_.erase(0, request.bytes);
  filled_ -= request.bytes;
  buffer_.resize(std::max<std::size_t>(buffer_.size(), 16 << 10));
}

void MockConnection::answer(const Request& request) {
  if (!request.target.ends_with("/chat/completions")) {
    static const std::string kNotFound = not_found_response();
    return write_whole(kNotFound);
  }
  const auto& reply = server_.script().reply(request.body);
  const bool token_wise = request.stream && server_.settings().tokens_per_second > 0;
  const std::string* whole = request.stream ? &server_.whole_stream(reply) : &server_.plain(reply);
  const StreamedResponse* stream = token_wise ? &server_.stream(reply) : nullptr;
  auto begin = [this, whole, stream] {
    streaming_ = stream;
    if (stream) {
      write_token(0);
    } else {
      write_whole(*whole);
    }
  };
  if (server_.settings().latency.count() == 0) return begin();
  timer_.expires_after(server_.settings().latency);
  timer_.async_wait([self = shared_from_this(), begin](boost::system::error_code error) {
    if (!error) begin();
  });
}

void MockConnection::write_whole(const std::string& response) {
  asio::async_write(socket_, asio::buffer(response),
                    [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                      if (error) return;
                      // What came meanwhile may be a whole request already.
                      self->filled_ > 0 ? self->on_bytes() : self->read();
                    });
}

void MockConnection::write_token(std::size_t index) {
  const auto& stream = *streaming_;
  if (index >= stream.tokens.size()) return write_whole(stream.tail);
  std::string bytes = index == 0 ? stream.head + stream.tokens[0] : stream.tokens[index];
  auto shared = std::make_shared<std::string>(std::move(bytes));
  asio::async_write(socket_, asio::buffer(*shared),
                    [self = shared_from_this(), shared, index](boost::system::error_code error, std::size_t) {
                      if (error) return;
                      const std::chrono::duration<double> gap(1 / self->server_.settings().tokens_per_second);
                      self->timer_.expires_after(std::chrono::duration_cast<std::chrono::nanoseconds>(gap));
                      self->timer_.async_wait([self, index](boost::system::error_code failed) {
                        if (!failed) self->write_token(index + 1);
                      });
                    });
}

}  // namespace troupe::bench

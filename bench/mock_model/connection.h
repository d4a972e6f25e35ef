#pragma once

#include "bench/mock_model/server.h"

#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace troupe::bench {

/// One keep-alive connection. Lives as long as an operation on it is pending; a closed peer ends it.
class MockConnection : public std::enable_shared_from_this<MockConnection> {
 public:
  MockConnection(MockServer& server, boost::asio::ip::tcp::socket socket);

  /// Waits for the next request.
  void read();

 private:
  void on_bytes();
  void answer(const Request& request);
  void write_whole(const std::string& response);
  void write_token(std::size_t index);

  MockServer& server_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::string buffer_;
  std::size_t filled_ = 0;
  const StreamedResponse* streaming_ = nullptr;
};

}  // namespace troupe::bench

#pragma once

#include "bench/mock_model/script.h"
#include "bench/mock_model/wire.h"

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace troupe::bench {

struct MockSettings {
  unsigned short port = 0;
  std::chrono::microseconds latency{0};  ///< before the first byte of a reply
  double tokens_per_second = 0;          ///< 0 = the whole reply at once
  int tool_steps = 3;
};

/// A model server in OpenAI's wire format whose replies are rendered before the first request comes, so that
/// it costs as little as possible beside what is measured. One thread; keep-alive; one request at a time per
/// connection.
class MockServer {
 public:
  MockServer(boost::asio::io_context& context, MockSettings settings);

  unsigned short port() const { return acceptor_.local_endpoint().port(); }
  const MockSettings& settings() const { return settings_; }

  /// Rendered responses by reply text.
  const std::string& plain(const std::string& reply) const { return rendered_.at(reply).plain; }
  const std::string& whole_stream(const std::string& reply) const { return rendered_.at(reply).whole; }
  const StreamedResponse& stream(const std::string& reply) const { return rendered_.at(reply).streamed; }
  const Script& script() const { return script_; }

 private:
  struct Rendered {
    std::string plain;
    StreamedResponse streamed;
    std::string whole;  ///< `streamed` joined
  };

  void accept();

  MockSettings settings_;
  Script script_;
  std::map<std::string, Rendered> rendered_;
  boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace troupe::bench

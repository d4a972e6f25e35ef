#include "bench/mock_model/server.h"

#include "bench/mock_model/connection.h"

namespace troupe::bench {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kTokenBytes = 4;

std::string joined(const StreamedResponse& response) {
  std::string text = response.head;
  for (const auto& token : response.tokens) text += token;
  return text + response.tail;
}

}  // namespace

MockServer::MockServer(asio::io_context& context, MockSettings settings)
    : settings_(settings),
      script_(settings.tool_steps),
      acceptor_(context, {asio::ip::address_v4::loopback(), settings.port}) {
  acceptor_.listen(4096);
  // The script's replies, found by playing it.
  std::string request = R"("role":"user")";
  for (int i = 0; i <= settings.tool_steps; ++i) {
    const auto& reply = script_.reply(request);
    auto streamed = streamed_response(reply, kTokenBytes);
    auto whole = joined(streamed);
    rendered_[reply] = {plain_response(reply), std::move(streamed), std::move(whole)};
    request += R"("role":"assistant")";
  }
  accept();
}

void MockServer::accept() {
  acceptor_.async_accept([this](boost::system::error_code error, asio::ip::tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      socket.set_option(asio::ip::tcp::no_delay(true));
      std::make_shared<MockConnection>(*this, std::move(socket))->read();
    }
    accept();
  });
}

}  // namespace troupe::bench

#include "bench/mock_model/server.h"

#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

int main(int argc, char** argv) {
  troupe::bench::MockSettings settings;
  double latency_ms = 0;
  CLI::App app{
      "A mock model server in OpenAI's wire format with a fixed script: calculator calls, then an answer."};
  app.add_option("--port", settings.port, "port on 127.0.0.1; 0 picks a free one");
  app.add_option("--latency-ms", latency_ms, "time before the first byte of a reply")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--tokens-per-second", settings.tokens_per_second, "0: the whole reply at once")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--tool-steps", settings.tool_steps, "calculator calls before the answer")
      ->check(CLI::Range(0, 100));
  CLI11_PARSE(app, argc, argv);
  settings.latency = std::chrono::microseconds(static_cast<long>(latency_ms * 1000));

  boost::asio::io_context context(1);
  boost::asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](boost::system::error_code, int) { context.stop(); });
  try {
    troupe::bench::MockServer server(context, settings);
    std::printf("mock model: listening on http://127.0.0.1:%u/v1\n", static_cast<unsigned>(server.port()));
    std::fflush(stdout);
    context.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mock model: cannot listen on 127.0.0.1:%u: %s\n",
                 static_cast<unsigned>(settings.port), error.what());
    return 1;
  }
  return 0;
}

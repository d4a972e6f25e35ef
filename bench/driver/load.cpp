#include "bench/driver/load.h"

#include <chrono>
#include <exception>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>

namespace troupe::bench {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

/// Fewer than the sessions one connection may open.
constexpr int kSessionsPerConnection = 50;

constexpr std::string_view kQuestion =
    "Add up the three parts: 17.5% of 2480 plus 12 to the power of 1, 2 and 3.";

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string field(std::string_view frame, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":\"";
  const auto at = frame.find(key);
  if (at == std::string_view::npos) return "";
  const auto begin = at + key.size();
  return std::string(frame.substr(begin, frame.find('"', begin) - begin));
}

Task<std::string> await_frame(Socket& socket, std::string_view type) {
  const std::string wanted = "\"type\":\"" + std::string(type) + "\"";
  for (;;) {
    const auto frame = co_await socket.receive();
    // The head of a frame suffices, and keeps a quotation in some text from counting.
    const auto head = frame.substr(0, 200);
    if (head.find(wanted) != std::string_view::npos) co_return std::string(frame);
    if (head.find("\"type\":\"error\"") != std::string_view::npos) {
      throw std::runtime_error("the daemon answered " + std::string(frame));
    }
  }
}

/// One run in a new session. Returns the seconds from the message to the frame of type `until`.
Task<double> run_once(Socket& socket, std::string_view question, std::string_view until) {
  std::string open = R"({"type":"open","id":"o"})";
  co_await socket.send(std::move(open));
  const std::string opened = co_await await_frame(socket, "session.opened");
  std::string message = R"({"type":"message","id":"m","session":")" + field(opened, "session") +
                        R"(","text":")" + std::string(question) + "\"}";
  const auto start = Clock::now();
  co_await socket.send(std::move(message));
  const std::string last = co_await await_frame(socket, until);
  if (until == "run.finished" && field(last, "status") != "done")
    throw std::runtime_error("a run failed: " + last);
  co_return seconds_since(start);
}

/// One conversation after the other on its connection, until `left` is used up.
Task<> converse(asio::io_context& context, const Load& load, std::unique_ptr<Socket> socket, int& left,
                LoadResult& result) {
  for (int opened = 0; left > 0; ++opened) {
    --left;
    if (opened == kSessionsPerConnection) {
      socket = std::make_unique<Socket>(context);
      co_await socket->connect(load.port);
      opened = 0;
    }
    const double seconds = co_await run_once(*socket, kQuestion, "run.finished");
    result.run_seconds.push_back(seconds);
  }
}

/// Runs the context until its work is done; rethrows what any coroutine threw.
void run_to_end(asio::io_context& context, std::exception_ptr& failure) {
  context.restart();
  context.run();
  if (failure) std::rethrow_exception(failure);
}

Task<> connect_one(Socket& socket, unsigned short port) {
  co_await socket.connect(port);
}

std::vector<std::unique_ptr<Socket>> connect_all(asio::io_context& context, unsigned short port, int count) {
  std::vector<std::unique_ptr<Socket>> sockets;
  std::exception_ptr failure;
  for (int i = 0; i < count; ++i) {
    sockets.push_back(std::make_unique<Socket>(context));
    asio::co_spawn(context, connect_one(*sockets.back(), port), [&](std::exception_ptr error) {
      if (error) failure = error;
    });
    // Not all at once: a listen queue is finite.
    if (i % 64 == 63) run_to_end(context, failure);
  }
  run_to_end(context, failure);
  return sockets;
}

}  // namespace

LoadResult run_load(const Load& load) {
  asio::io_context context(1);
  auto sockets = connect_all(context, load.port, load.conversations);
  LoadResult result;
  result.run_seconds.reserve(static_cast<std::size_t>(load.runs));
  int left = load.runs;
  std::exception_ptr failure;
  const auto start = Clock::now();
  for (auto& socket : sockets) {
    asio::co_spawn(context, converse(context, load, std::move(socket), left, result),
                   [&](std::exception_ptr error) {
                     if (error) {
                       failure = error;
                       context.stop();
                     }
                   });
  }
  run_to_end(context, failure);
  result.seconds = seconds_since(start);
  return result;
}

IdleConversations::IdleConversations(unsigned short port, int count) : context_(1) {
  sockets_ = connect_all(context_, port, count);
  std::exception_ptr failure;
  for (auto& socket : sockets_) {
    asio::co_spawn(context_, run_once(*socket, kQuestion, "run.finished"),
                   [&](std::exception_ptr error, double) {
                     if (error) failure = error;
                   });
  }
  run_to_end(context_, failure);
}

void ask_once(unsigned short port, const std::string& question) {
  asio::io_context context(1);
  Socket socket(context);
  std::exception_ptr failure;
  auto whole = [](Socket& to, unsigned short at, const std::string& text) -> Task<double> {
    co_await to.connect(at);
    co_return co_await run_once(to, text, "answer");
  };
  asio::co_spawn(context, whole(socket, port, question),
                 [&](std::exception_ptr error, double) { failure = error; });
  run_to_end(context, failure);
}

}  // namespace troupe::bench

#pragma once

#include "bench/driver/socket.h"

#include <cstddef>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace troupe::bench {

struct Load {
  unsigned short port = 0;
  int conversations = 1;  ///< at once, each on a connection of its own
  int runs = 1;           ///< of all conversations together
};

struct LoadResult {
  double seconds = 0;               ///< first message sent → last run finished
  std::vector<double> run_seconds;  ///< message sent → run.finished, per run
};

/// Connects all conversations, then lets each start one run after the other, every run in a new session.
/// Throws when any run ends other than `done`.
LoadResult run_load(const Load& load);

/// Opens `count` conversations, lets each finish one run, and keeps them open until destroyed.
class IdleConversations {
 public:
  IdleConversations(unsigned short port, int count);

 private:
  boost::asio::io_context context_;
  std::vector<std::unique_ptr<Socket>> sockets_;
};

/// Opens a conversation and asks one question; returns when the answer has come.
void ask_once(unsigned short port, const std::string& question);

}  // namespace troupe::bench

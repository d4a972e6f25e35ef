#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/nursery.h"
#include "runtime/async/stop.h"
#include "runtime/sandbox/byte_channel.h"
#include "runtime/sandbox/child.h"
#include "tools/mcp/server_settings.h"
#include "tools/mcp/transport/line_splitter.h"
#include "tools/mcp/transport/transport.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace troupe::tools::mcp {

/// A server that is a program of ours: messages are lines of its standard input and output, what it says on
/// its standard error goes to the log. The program has the environment that its entry names, and PATH and
/// HOME; it is a process group of its own, and everything in that ends with the connection: its input is
/// closed first, then SIGTERM and SIGKILL follow where it does not end by itself.
class StdioTransport final : public Transport {
 public:
  /// `settings` and `events` outlive it.
  StdioTransport(Loop& loop, const ServerSettings& settings, TransportEvents& events);
  ~StdioTransport() override;

  /// Errors: not_found (the program), invalid (the folder), unavailable (no process could be made).
  Result<> start() override;
  void send(Send message) override;
  void abandon(CallId call) override {}
  void listen() override {}
  Task<> close() override;

 private:
  /// What the program says on its standard error, for the log and for the message about its end.
  struct Complaints;

  Task<> read_output();
  Task<> read_errors();
  Task<> write_input();
  Task<> reap();
  Task<> wait_for_end();
  void close_input();
  std::string how_it_ended() const;

  Loop& loop_;
  const ServerSettings& settings_;
  TransportEvents& events_;
  Nursery nursery_;
  std::unique_ptr<Complaints> complaints_;
  std::optional<sandbox::Child> child_;
  std::optional<sandbox::ByteChannel> input_;
  std::optional<sandbox::ByteChannel> output_;
  std::optional<sandbox::ByteChannel> errors_;
  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool writing_ = false;
  bool closing_ = false;
  Stop exited_;  ///< requested once the program has ended
  Stop silent_;  ///< and its standard error, too
  sandbox::Ending ending_;
};

}  // namespace troupe::tools::mcp

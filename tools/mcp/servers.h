#pragma once

#include "tools/mcp/server.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::tools::mcp {

/// The MCP servers of a daemon. What several sections name alike is one server, and it stays one over reloads
/// of the configuration; one that nobody holds any more is ended a little later. Loop thread only. close()
/// must have returned before it is destroyed.
class Servers {
 public:
  explicit Servers(ServerServices services);
  ~Servers();

  /// The server with these settings, which is begun to be had when it was not.
  std::shared_ptr<Server> use(const ServerSettings& settings);
  /// Called when the tools of any server have become others.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }
  /// Waits until each server has been reached or has failed once, all together at most for so long.
  Task<> settled(Milliseconds patience);
  bool empty() const { return servers_.empty(); }
  /// Ends them all. Nothing is used afterwards.
  Task<> close();

 private:
  void sweep();
  void sweep_later();

  ServerServices services_;
  Nursery nursery_;
  std::vector<std::shared_ptr<Server>> servers_;
  std::function<void()> changed_;
  Loop::Alarm sweeping_;
};

}  // namespace troupe::tools::mcp

#include "tools/mcp/servers.h"

#include <algorithm>
#include <utility>

namespace troupe::tools::mcp {

Servers::Servers(ServerServices services) : services_(std::move(services)), nursery_(services_.loop) {}
Servers::~Servers() = default;

std::shared_ptr<Server> Servers::use(const ServerSettings& settings) {
  for (const auto& one : servers_)
    if (one->settings() == settings) return one;
  auto fresh = std::make_shared<Server>(services_, settings);
  fresh->on_change([this] {
    if (changed_) changed_();
  });
  servers_.push_back(fresh);
  fresh->start();
  sweep_later();
  return fresh;
}

Task<> Servers::settled(Milliseconds patience) {
  const auto until = Deadline::after(services_.loop.clock(), patience);
  const auto all = servers_;
  for (const auto& one : all) co_await one->settled(until.remaining(services_.loop.clock().now()));
}

void Servers::sweep_later() {
  sweeping_ = services_.loop.at(services_.loop.clock().now() + services_.patience.sweep, [this] { sweep(); });
}

void Servers::sweep() {
  const auto unused =
      std::partition(servers_.begin(), servers_.end(), [](const auto& one) { return one.use_count() > 1; });
  for (auto it = unused; it != servers_.end(); ++it)
    nursery_.spawn("the end of an MCP server", [one = *it] { return one->close(); });
  servers_.erase(unused, servers_.end());
  if (!servers_.empty()) sweep_later();
}

Task<> Servers::close() {
  sweeping_.reset();
  changed_ = nullptr;
  for (auto& one : std::exchange(servers_, {}))
    nursery_.spawn("the end of an MCP server", [one] { return one->close(); });
  co_await nursery_.join();
}

}  // namespace troupe::tools::mcp

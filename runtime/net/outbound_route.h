#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/clock.h"
#include "runtime/net/http_client.h"
#include "runtime/net/outbound_guard.h"
#include "runtime/net/resolver.h"
#include "runtime/net/url.h"

#include <cstdint>
#include <optional>
#include <string>

namespace troupe::net {

/// How one request gets to its host.
struct Route {
  bool proxied = false;
  /// "+host:port:address,…" for libcurl's own cache of names; "" when there is no name to resolve.
  std::string resolve;
  std::uint64_t generation = 0;  ///< tells `resolve` from an older one of the same text
};

/// Finds routes: through the proxy or directly, names resolved, and every address judged before anything is
/// connected to. Loop thread only.
class Routing {
 public:
  Routing(Loop& loop, const NetworkSettings& settings, Guarding guarding, Resolver::Lookup lookup);

  /// How long a look-up may take, and what to stop for.
  struct Patience {
    Milliseconds lookup;
    Deadline deadline;
    Stop& stop;
  };
  /// Errors: invalid (network.proxy), denied, network, timeout, cancelled.
  Task<Result<Route>> find(const Url& url, Patience patience);

  /// Judges again when a connection is opened or used again; null in open mode.
  const OutboundGuard* guard() const { return guarded_ ? &guard_ : nullptr; }

 private:
  bool goes_through_proxy(const Url& url) const;
  Result<> judge(const Url& url, const Resolved& resolved) const;
  Task<Result<Resolved>> resolve(std::string host, Patience patience);

  Loop& loop_;
  const bool guarded_;
  OutboundGuard guard_;  // in open mode only its exceptions are used, to keep them from the proxy
  std::optional<Result<ProxyPeer>> proxy_;
  Resolver resolver_;
};

}  // namespace troupe::net

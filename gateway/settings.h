#pragma once

#include "models/limits.h"
#include "runtime/base/limits.h"

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::gateway {

/// A bearer token: only its SHA-256 is written down.
struct TokenSettings {
  std::string name;
  std::string sha256;  ///< 64 hex digits
  std::string tenant = "default";
};

/// The `server:` section.
struct ServerSettings {
  std::string listen = "127.0.0.1:7420";
  std::vector<TokenSettings> tokens;
  std::vector<std::string> origins;
  std::vector<std::string> hosts;  ///< further values of the Host header that are ours (behind a proxy)
  std::string tls_certificate;     ///< path, PEM
  std::string tls_key;
  std::size_t connections_max = limits::kConnections;
  std::size_t message_max = limits::kMessageBytes;
  std::size_t runs_max = limits::kRuns;
  std::size_t runs_per_tenant_max = limits::kRunsPerTenant;
  std::size_t calls_per_tenant_max = limits::kTenantCalls;
  std::size_t queue_max = limits::kRunQueue;
  std::string when_busy = "queue";  ///< queue | reject (interrupt, steer, collect: not in this version)
};

}  // namespace troupe::gateway

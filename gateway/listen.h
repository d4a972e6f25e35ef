#pragma once

#include "gateway/settings.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <string>

namespace troupe::gateway {

/// Where `server.listen` says we listen.
struct ListenAddress {
  std::string address;  ///< IPv4 or IPv6
  std::uint16_t port = 0;
  bool loopback = false;  ///< nobody but this machine can reach it
};

/// Reads HOST:PORT: an address, [an IPv6 address], localhost, or * for every IPv4 and IPv6 address. Errors:
/// invalid.
Result<ListenAddress> parse_listen(const std::string& listen);

/// What must be true of the `server:` section before anything listens: the address can be read, a listener
/// that others can reach has tokens, every token is a SHA-256 in hex with a name, TLS has both its files,
/// origins and hosts are such. Errors: invalid, naming the key and what to do.
Result<> check_listen(const ServerSettings& settings);

/// "http://127.0.0.1:7420" as it is printed and written to the lock file.
std::string base_url(const ListenAddress& at, bool tls);

}  // namespace troupe::gateway

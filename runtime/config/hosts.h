#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::config {

/// True for a host name (RFC 1123), an IPv4 or an IPv6 address (without brackets).
bool valid_host(std::string_view host);

/// HOST and PORT of "HOST:PORT" ("[::1]:80", "0.0.0.0:7420"); brackets are dropped. Nothing when it is not
/// one.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
std::optional<HostPort> split_host_port(std::string_view text);

/// True when only this machine can reach a listener at `host`: 127.0.0.0/8, ::1, localhost. A name that would
/// have to be looked up is not.
bool is_loopback(std::string_view host);

}  // namespace troupe::config

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe::gateway {

/// A host with an optional port, as in a Host header ("localhost:7420", "[::1]:7420").
struct Authority {
  std::string host;  ///< lower case, without brackets
  int port = 0;      ///< 0: not given
  bool operator==(const Authority&) const = default;
};

/// Nothing when the text is not exactly an authority (RFC 3986, section 3.2, without user names).
std::optional<Authority> parse_authority(std::string_view text);

/// Of an Origin header (RFC 6454, section 7): scheme and authority, the scheme's port filled in. Nothing for
/// "null", for other schemes than http and https, and for anything that follows the authority.
struct Origin {
  bool secure = false;
  Authority authority;
  bool operator==(const Origin&) const = default;
};
std::optional<Origin> parse_origin(std::string_view text);

/// True for localhost and for addresses of the loopback networks, written as addresses.
bool names_loopback(std::string_view host);

/// An IP address in its one canonical form, or the host as it is.
std::string canonical_host(std::string_view host);

}  // namespace troupe::gateway

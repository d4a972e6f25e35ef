#pragma once

#include "runtime/base/result.h"
#include "runtime/net/address.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::net {

/// The rule that keeps tools and loaders from an address, with the block it stands for
/// ("loopback (127.0.0.0/8)"), or "" when the address is public. An address that carries an IPv4 address
/// (mapped, compatible, NAT64, 6to4) is judged by that one; of IPv6 only 2000::/3 is public at all.
/// Source: the IANA special-purpose registries (RFC 6890) and the metadata addresses of the large clouds.
/// Pure; any thread.
std::string_view refusing_rule(const Address& address);

/// Decides which addresses tools and loaders may reach: public ones, and those an operator has named.
/// Immutable after make(); any thread.
///
/// It judges the address that a connection really goes to, after resolution, so a name that resolves to a
/// private address, a spelling such as 0x7f.1, or a server that redirects to one gets the same answer.
class OutboundGuard {
 public:
  OutboundGuard() = default;
  /// From network.allow_private: host names (exact, any address they resolve to), addresses, CIDR blocks.
  /// Error: invalid, naming the entry that is none of these.
  static Result<OutboundGuard> make(const std::vector<std::string>& allow_private);
  /// One entry of that list, so that a configuration can point at the line.
  static Result<> check_entry(std::string_view entry);

  /// The operator named this host, so its addresses are not judged.
  bool excepts(std::string_view host) const;
  bool excepts(const Address& address) const;

  /// Whether `host` may be reached at `address`. Error: denied, naming host, address and rule.
  Result<> check_address(std::string_view host, const Address& address) const;
  /// What can be said before resolution: a literal address is judged, "localhost" and names below it are
  /// refused (RFC 6761), every other name passes.
  Result<> check_host(std::string_view host) const;

 private:
  Result<> add(std::string_view entry);

  std::vector<std::string> hosts_;  // lower case, no trailing dot
  std::vector<AddressBlock> blocks_;
};

}  // namespace troupe::net

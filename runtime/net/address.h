#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct sockaddr;

namespace troupe::net {

/// An IPv4 or IPv6 address, without port or zone.
class Address {
 public:
  /// Strict text: four decimal numbers, or IPv6 with or without brackets. Nothing otherwise.
  static std::optional<Address> parse(std::string_view text);
  /// Nothing for families other than AF_INET and AF_INET6.
  static std::optional<Address> from(const sockaddr* address);
  static Address v4(std::uint32_t host_order);

  bool is_v4() const { return v4_; }
  /// 4 or 16 bytes, network order.
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), v4_ ? 4u : 16u}; }
  /// "127.0.0.1", "::1"
  std::string text() const;
  /// The address behind ::ffff:a.b.c.d, or this one.
  Address unmapped() const;

  auto operator<=>(const Address&) const = default;

 private:
  bool v4_ = true;
  std::array<std::uint8_t, 16> bytes_{};
};

/// "127.0.0.1:80", "[::1]:80"
std::string with_port(const Address& address, std::uint16_t port);

/// A range of addresses in CIDR notation. A bare address is the range of itself.
class AddressBlock {
 public:
  static std::optional<AddressBlock> parse(std::string_view text);
  bool contains(const Address& address) const;

 private:
  Address base_;
  unsigned bits_ = 0;
};

}  // namespace troupe::net

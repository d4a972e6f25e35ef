#include "runtime/net/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace troupe::net {

std::optional<Address> Address::parse(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
    if (text.find(':') == text.npos) return std::nullopt;
  }
  if (text.find('\0') != text.npos) return std::nullopt;
  const std::string copy(text);
  Address address;
  if (inet_pton(AF_INET, copy.c_str(), address.bytes_.data()) == 1) return address;
  address.v4_ = false;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes_.data()) == 1) return address;
  return std::nullopt;
}

std::optional<Address> Address::from(const sockaddr* address) {
  Address out;
  if (address->sa_family == AF_INET) {
    std::memcpy(out.bytes_.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
    return out;
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  out.v4_ = false;
  std::memcpy(out.bytes_.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 16);
  return out;
}

Address Address::v4(std::uint32_t host_order) {
  Address out;
  for (unsigned i = 0; i < 4; ++i) out.bytes_[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return out;
}

std::string Address::text() const {
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof buffer);
  return buffer;
}

Address Address::unmapped() const {
  static constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (v4_ || !std::equal(std::begin(kMapped), std::end(kMapped), bytes_.begin())) return *this;
  Address out;
  std::copy_n(bytes_.begin() + 12, 4, out.bytes_.begin());
  return out;
}

std::string with_port(const Address& address, std::uint16_t port) {
  return address.is_v4() ? fmt::format("{}:{}", address.text(), port)
                         : fmt::format("[{}]:{}", address.text(), port);
}

std::optional<AddressBlock> AddressBlock::parse(std::string_view text) {
  AddressBlock block;
  const auto slash = text.find('/');
  auto base = Address::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  block.base_ = *base;
  const unsigned bits_max = base->is_v4() ? 32 : 128;
  block.bits_ = bits_max;
  if (slash == text.npos) return block;
  const auto digits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), block.bits_);
  if (error != std::errc() || end != digits.data() + digits.size() || block.bits_ > bits_max)
    return std::nullopt;
  return block;
}

bool AddressBlock::contains(const Address& address) const {
  if (address.is_v4() != base_.is_v4()) return false;
  const auto ours = base_.bytes();
  const auto theirs = address.bytes();
  const unsigned whole = bits_ / 8;
  if (!std::equal(ours.begin(), ours.begin() + whole, theirs.begin())) return false;
  if (bits_ % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00u >> (bits_ % 8));
  return (ours[whole] & mask) == (theirs[whole] & mask);
}

}  // namespace troupe::net

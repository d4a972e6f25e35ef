#include "runtime/config/hosts.h"

#include "runtime/base/ascii.h"

#include <algorithm>
#include <charconv>

#include <boost/asio/ip/address.hpp>

namespace troupe::config {

namespace {

bool alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool valid_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  // The underscore is in no standard and in many container networks.
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return alphanumeric(c) || c == '-' || c == '_'; });
}

std::optional<boost::asio::ip::address> address_of(std::string_view host) {
  boost::system::error_code error;
  auto address = boost::asio::ip::make_address(std::string(host), error);
  if (error) return std::nullopt;
  return address;
}

}  // namespace

bool valid_host(std::string_view host) {
  if (address_of(host)) return true;
  if (host.empty() || host.size() > 253) return false;
  // All digits and points, and still not an address: a mistyped one.
  if (host.find_first_not_of("0123456789.") == std::string_view::npos) return false;
  for (;;) {
    std::size_t dot = host.find('.');
    if (!valid_label(host.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

std::optional<HostPort> split_host_port(std::string_view text) {
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  std::string_view digits = text.substr(colon + 1);
  bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  auto address = address_of(host);
  if (bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
  if (bracketed && !(address && address->is_v6())) return std::nullopt;
  if (!valid_host(host)) return std::nullopt;
  std::uint16_t port = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return HostPort{std::string(host), port};
}

bool is_loopback(std::string_view host) {
  if (auto address = address_of(host)) {
    if (address->is_v4()) return address->is_loopback();
    auto v6 = address->to_v6();
    if (v6.is_v4_mapped())
      return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6).is_loopback();
    return v6.is_loopback();
  }
  std::string name = lower(host);
  return name == "localhost" || name == "localhost.";
}

}  // namespace troupe::config

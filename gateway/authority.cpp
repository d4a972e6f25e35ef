#include "gateway/authority.h"

#include "runtime/base/ascii.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <boost/asio/ip/address.hpp>

namespace troupe::gateway {

namespace {

bool sane_host(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '.' || c == '_' || c >= 0x80;
  });
}

bool sane_v6(std::string_view host) {
  return !host.empty() &&
         std::ranges::all_of(host, [](unsigned char c) { return std::isxdigit(c) || c == ':' || c == '.'; });
}

}  // namespace

std::string canonical_host(std::string_view host) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(host), error);
  return error ? lower(host) : address.to_string();
}

std::optional<Authority> parse_authority(std::string_view text) {
  Authority authority;
  std::string_view host;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == text.npos) return std::nullopt;
    host = text.substr(1, close - 1);
    if (!sane_v6(host)) return std::nullopt;
    text.remove_prefix(close + 1);
  } else {
    host = text.substr(0, text.find(':'));
    if (!sane_host(host)) return std::nullopt;
    text.remove_prefix(host.size());
  }
  authority.host = canonical_host(host);
  if (text.empty()) return authority;
  auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), authority.port);
  const bool number = text[0] == ':' && error == std::errc() && end == text.data() + text.size();
  if (!number || text[1] == '-' || authority.port < 1 || authority.port > 65535) return std::nullopt;
  return authority;
}

std::optional<Origin> parse_origin(std::string_view text) {
  Origin origin;
  const std::size_t colon = text.find("://");
  if (colon == text.npos) return std::nullopt;
  const std::string scheme = lower(text.substr(0, colon));
  origin.secure = scheme == "https";
  if (!origin.secure && scheme != "http") return std::nullopt;
  auto authority = parse_authority(text.substr(colon + 3));
  if (!authority) return std::nullopt;
  origin.authority = std::move(*authority);
  if (origin.authority.port == 0) origin.authority.port = origin.secure ? 443 : 80;
  return origin;
}

bool names_loopback(std::string_view host) {
  if (host == "localhost") return true;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(host), error);
  return !error && address.is_loopback();
}

}  // namespace troupe::gateway

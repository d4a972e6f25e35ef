#include "gateway/listen.h"

#include "gateway/authority.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

namespace troupe::gateway {

Result<ListenAddress> parse_listen(const std::string& listen) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorCode::invalid, fmt::format("server.listen `{}`: {}", listen, why));
  };
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos || (listen.find(':') != colon && !listen.starts_with('[')))
    return bad("expected ADDRESS:PORT, such as 127.0.0.1:7420 or [::1]:7420");
  std::string host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  if (host == "*") host = "::";

  ListenAddress at;
  const std::string port = listen.substr(colon + 1);
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), at.port);
  if (error != std::errc() || end != port.data() + port.size())
    return bad("the port is not a number from 0 to 65535");
  boost::system::error_code unreadable;
  const auto address = boost::asio::ip::make_address(host, unreadable);
  if (unreadable) return bad("the host must be an IP address, localhost or *");
  at.address = address.to_string();
  at.loopback = address.is_loopback();
  return at;
}

Result<> check_listen(const ServerSettings& settings) {
  auto at = parse_listen(settings.listen);
  if (!at) return fail(at.error());
  const auto bad = [](std::string message) { return fail(ErrorCode::invalid, std::move(message)); };
  if (!at->loopback && settings.tokens.empty())
    return bad(
        fmt::format("server.listen `{}` can be reached from other machines, and server.auth has no tokens: "
                    "anybody could use this "
                    "daemon. Add a token to server.auth.tokens, or listen on 127.0.0.1",
                    settings.listen));
  for (const TokenSettings& token : settings.tokens) {
    const bool hex = std::ranges::all_of(token.sha256, [](unsigned char c) { return std::isxdigit(c); });
    if (token.sha256.size() != 64 || !hex)
      return bad(
          fmt::format("server.auth.tokens, `{}`: sha256 must be 64 hex digits (printf %s TOKEN | sha256sum)",
                      token.name));
  }
  if (settings.tls_certificate.empty() != settings.tls_key.empty())
    return bad("server.tls needs both `certificate` and `key`");
  for (const std::string& origin : settings.origins)
    if (!parse_origin(origin))
      return bad(
          fmt::format("server.auth.origins `{}` is not an origin such as https://chat.example", origin));
  for (const std::string& host : settings.hosts)
    if (!parse_authority(host))
      return bad(fmt::format("server.auth.hosts `{}` is not a host such as chat.example", host));
  return {};
}

std::string base_url(const ListenAddress& at, bool tls) {
  const bool v6 = at.address.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", tls ? "https" : "http", v6 ? "[" : "", at.address, v6 ? "]" : "",
                     at.port);
}

}  // namespace troupe::gateway

#include "gateway/listen.h"

#include "gateway/authority.h"
#include "runtime/config/hosts.h"

#include <algorithm>
#include <cctype>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

namespace troupe::gateway {

namespace {

// Without the text itself: it may stand in a secret file.
std::string_view reason_of(std::string_view listen, bool is_name) {
  if (listen.find("://") != std::string_view::npos)
    return "write ADDRESS:PORT without a scheme, such as `127.0.0.1:7420`";
  if (listen.starts_with(':'))
    return "name the address: `127.0.0.1:7420`, or `*:7420` for every address of this machine";
  if (is_name)
    return "a name may lead anywhere by the time it is looked up; write an IP address, `localhost`, or `*` "
           "for "
           "every address of this machine";
  return "write ADDRESS:PORT, such as `127.0.0.1:7420` or `[::1]:7420`; the port is at most 65535, and 0 "
         "picks "
         "a free one";
}

}  // namespace

Result<ListenAddress> parse_listen(std::string_view listen) {
  const bool everywhere = listen.starts_with("*:");
  const auto parts =
      config::split_host_port(everywhere ? fmt::format("[::]{}", listen.substr(1)) : std::string(listen));
  const auto refused = [&](bool is_name) {
    return fail(ErrorCode::invalid, std::string(reason_of(listen, is_name)));
  };
  if (!parts) return refused(false);
  const bool loopback = config::is_loopback(parts->host);
  boost::system::error_code unreadable;
  auto address = boost::asio::ip::make_address(parts->host, unreadable);
  if (unreadable) {
    if (!loopback) return refused(true);
    address = boost::asio::ip::address_v4::loopback();  // localhost, without asking a name server
  }
  return ListenAddress{address.to_string(), parts->port, loopback};
}

std::string listen_problem(std::string_view listen, bool has_tokens) {
  const auto at = parse_listen(listen);
  if (!at) return at.error().message;
  if (has_tokens || at->loopback) return "";
  return "it can be reached from other machines, and nobody would be asked for a token; add tokens to "
         "`server.auth.tokens` or listen on 127.0.0.1";
}

Result<> check_listen(const ServerSettings& settings) {
  const auto bad = [](std::string message) { return fail(ErrorCode::invalid, std::move(message)); };
  if (std::string problem = listen_problem(settings.listen, !settings.tokens.empty()); !problem.empty())
    return bad(fmt::format("server.listen `{}`: {}", settings.listen, problem));
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

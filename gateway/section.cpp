#include "gateway/section.h"

#include "gateway/listen.h"
#include "runtime/config/collections.h"
#include "runtime/config/hosts.h"
#include "runtime/config/scalars.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace troupe::gateway {

namespace {

using config::Check;
using config::Record;

constexpr std::int64_t kCountMax = 10'000'000;
constexpr std::size_t kTokensMax = 1'000;

bool hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::string sha256_problem(std::string_view text) {
  if (text.size() == 64 && std::all_of(text.begin(), text.end(), hex)) return "";
  return "it is 64 hex digits, made by: printf %s \"$TOKEN\" | sha256sum";
}

std::string name_problem(std::string_view name) {
  return config::valid_name(name) ? "" : "it is a letter, then letters, digits, `_` and `-`";
}

std::string address_problem(std::string_view listen) {
  const auto at = parse_listen(listen);
  return at ? "" : at.error().message;
}

// As a browser sends it (RFC 6454 6.2): scheme, host and port only.
std::string origin_problem(std::string_view origin) {
  if (origin == "*") return "that would let every web page in; name the origins";
  for (std::string_view scheme : {"https://", "http://"}) {
    if (!origin.starts_with(scheme)) continue;
    std::string_view host = origin.substr(scheme.size());
    if (host.ends_with('/')) return "write it without the `/` at the end, as browsers send it";
    if (config::split_host_port(host)) return "";
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return config::valid_host(host) ? "" : "after the scheme comes a host and perhaps a port, nothing else";
  }
  return "it starts with `https://` or `http://`";
}

std::string host_problem(std::string_view host) {
  if (config::valid_host(host) || config::split_host_port(host)) return "";
  return "write HOST or HOST:PORT, as it stands in the Host header";
}

Record<TokenSettings> token() {
  Record<TokenSettings> token("A bearer token; the file holds only its SHA-256");
  token
      .field("name", &TokenSettings::name, config::line({.expected = "a name", .check = name_problem}),
             "who uses it, for logs")
      .required();
  token
      .field("sha256", &TokenSettings::sha256,
             config::line({.expected = "a SHA-256",
                           .lower_case = true,
                           .check = sha256_problem,
                           .pattern = "^[0-9A-Fa-f]{64}$"}),
             "printf %s \"$TOKEN\" | sha256sum")
      .required();
  token.field("tenant", &TokenSettings::tenant, config::line({.expected = "a tenant", .check = name_problem}),
              "whose sessions it may see");
  for (const char* plain : {"token", "key", "secret", "password"})
    token.advise(plain,
                 "a token itself is never written down, only its `sha256`: printf %s \"$TOKEN\" | sha256sum");
  return token;
}

Record<ServerSettings> auth() {
  Record<ServerSettings> auth("Who may come in");
  auth.field("tokens", &ServerSettings::tokens,
             config::list_of(config::shape(token()), "a list of tokens", kTokensMax),
             "bearer tokens; without any, loopback only");
  auth.field(
      "origins", &ServerSettings::origins,
      config::list_of(config::line({.expected = "an origin", .lower_case = true, .check = origin_problem}),
                      "a list of origins"),
      "web pages that may connect, as https://chat.example");
  auth.field("hosts", &ServerSettings::hosts,
             config::list_of(config::line({.expected = "a host", .lower_case = true, .check = host_problem}),
                             "a list of hosts"),
             "further values of the Host header that are ours, behind a proxy");
  return auth;
}

Record<ServerSettings> tls() {
  Record<ServerSettings> tls("HTTPS and wss");
  tls.field("certificate", &ServerSettings::tls_certificate, config::path(config::There::file),
            "certificate chain, PEM")
      .required();
  tls.field("key", &ServerSettings::tls_key, config::path(config::There::file), "its private key, PEM")
      .required();
  return tls;
}

Record<ServerSettings> limits() {
  auto count = [] { return config::integer<std::size_t>(1, kCountMax); };
  Record<ServerSettings> limits("How much at once");
  limits.field("connections", &ServerSettings::connections_max, count(), "open connections");
  limits.field("message", &ServerSettings::message_max, config::bytes(1u << 10, 64u << 20),
               "one WebSocket message or HTTP body");
  limits.field("runs", &ServerSettings::runs_max, count(), "root runs at work");
  limits.field("runs_per_tenant", &ServerSettings::runs_per_tenant_max, count(),
               "root runs of one tenant at work");
  limits.field("calls_per_tenant", &ServerSettings::calls_per_tenant_max, count(),
               "calls to models and embedders over the network that one tenant has at work; the others wait");
  limits.field("queue", &ServerSettings::queue_max, config::integer<std::size_t>(0, kCountMax),
               "runs that wait for their turn");
  return limits;
}

void check_server(const ServerSettings& server, Check& check) {
  if (std::string problem = listen_problem(server.listen, !server.tokens.empty()); !problem.empty())
    check.error("listen", problem);
  std::set<std::string> names;
  std::set<std::string> hashes;
  for (std::size_t i = 0; i < server.tokens.size(); ++i) {
    const TokenSettings& token = server.tokens[i];
    std::string at = fmt::format("auth.tokens[{}]", i);
    if (!names.insert(token.name).second)
      check.error(at, fmt::format("two tokens are named `{}`", token.name));
    if (!hashes.insert(token.sha256).second)
      check.error(at, fmt::format("the token `{}` has the hash of another one", token.name));
  }
}

}  // namespace

Record<ServerSettings> section() {
  Record<ServerSettings> server("How clients reach the daemon");
  server.field(
      "listen", &ServerSettings::listen, config::line({.expected = "ADDRESS:PORT", .check = address_problem}),
      "ADDRESS:PORT: an IP address, localhost, or * for all; beyond loopback `auth.tokens` is needed");
  server.group("auth", auth());
  server.group("tls", tls());
  server.group("limits", limits());
  server.field("when_busy", &ServerSettings::when_busy,
               config::one_of({{{"queue", "it waits its turn"}, {"reject", "the client is told"}},
                               {"interrupt", "steer", "collect"}}),
               "what becomes of a message while its session has an active run");
  server.advise("host", "it is `listen: ADDRESS:PORT`");
  server.advise("port", "it is `listen: ADDRESS:PORT`");
  server.advise("address", "it is called `listen`");
  server.check(check_server);
  return server;
}

}  // namespace troupe::gateway

#include "gateway/access.h"

#include "gateway/listen.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

namespace troupe::gateway {

namespace {

constexpr std::string_view kBearerProtocol = "bearer.";

std::unexpected<net::ServerReply> refuse(int status, std::string_view code, std::string_view message) {
  return std::unexpected(net::error_reply(status, code, message));
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Base 64 with the URL alphabet, padding optional. "" when it is not that.
std::string from_base64url(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  unsigned bits = 0;
  int have = 0;
  for (unsigned char c : text) {
    int digit;
    if (c >= 'A' && c <= 'Z')
      digit = c - 'A';
    else if (c >= 'a' && c <= 'z')
      digit = c - 'a' + 26;
    else if (c >= '0' && c <= '9')
      digit = c - '0' + 52;
    else if (c == '-')
      digit = 62;
    else if (c == '_')
      digit = 63;
    else
      return {};
    bits = (bits << 6 | static_cast<unsigned>(digit)) & 0xfff;
    if ((have += 6) >= 8) out += static_cast<char>(bits >> (have -= 8) & 0xff);
  }
  return out;
}

}  // namespace

std::vector<std::string> offered_subprotocols(const net::ServerRequest& request) {
  std::vector<std::string> offered;
  for (const auto& [name, value] : request.headers) {
    if (name != "sec-websocket-protocol") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (const auto one = trim(rest.substr(0, comma)); !one.empty()) offered.emplace_back(one);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return offered;
}

std::string bearer_token(const net::ServerRequest& request) {
  const std::string_view header = trim(request.header("authorization"));
  constexpr std::string_view scheme = "bearer ";
  const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == b; };
  if (header.size() > scheme.size() && std::ranges::equal(header.substr(0, scheme.size()), scheme, same))
    return std::string(trim(header.substr(scheme.size())));
  for (const std::string& offered : offered_subprotocols(request))
    if (offered.starts_with(kBearerProtocol)) return from_base64url(offered.substr(kBearerProtocol.size()));
  return {};
}

Access::Access(const Clock& clock, const ServerSettings& settings) : clock_(clock) {
  reconfigure(settings);
}

void Access::reconfigure(const ServerSettings& settings) {
  if (auto at = parse_listen(settings.listen)) listen_host_ = at->address;
  hosts_.clear();
  for (const std::string& host : settings.hosts)
    if (auto authority = parse_authority(host)) hosts_.push_back(std::move(*authority));
  origins_.clear();
  for (const std::string& text : settings.origins)
    if (auto origin = parse_origin(text)) origins_.push_back(std::move(*origin));
  tokens_.clear();
  for (const TokenSettings& token : settings.tokens) {
    Token entry{{}, {token.name, token.tenant}};
    for (std::size_t i = 0; i < entry.digest.size(); ++i)
      std::from_chars(token.sha256.data() + 2 * i, token.sha256.data() + 2 * i + 2, entry.digest[i], 16);
    tokens_.push_back(std::move(entry));
  }
}

bool Access::our_host(const Authority& host, const net::ServerRequest& request) const {
  // An address cannot be rebound: the one the peer reached us at is ours.
  if (names_loopback(host.host) || host.host == listen_host_ || host.host == canonical_host(request.local))
    return true;
  return std::ranges::any_of(hosts_, [&](const Authority& known) {
    return known.host == host.host && (known.port == 0 || known.port == host.port);
  });
}

// Same origin: the page was served by the very host and port it now talks to. Behind a proxy of ours
// (server.auth.hosts) the page is on https although we are not.
bool Access::our_origin(const Origin& origin, const Authority& host,
                        const net::ServerRequest& request) const {
  if (std::ranges::find(origins_, origin) != origins_.end()) return true;
  const bool proxied =
      std::ranges::any_of(hosts_, [&](const Authority& known) { return known.host == host.host; });
  if (origin.secure != request.tls && !(origin.secure && proxied)) return false;
  const int port = host.port != 0 ? host.port : origin.secure ? 443 : 80;
  return origin.authority == Authority{host.host, port};
}

std::expected<void, net::ServerReply> Access::check_site(const net::ServerRequest& request) const {
  const auto host = parse_authority(request.header("host"));
  if (!host) return refuse(400, "invalid", "the Host header is not a host");
  if (!our_host(*host, request)) {
    log::debug("a request for a foreign host was refused", {{"host", host->host}, {"peer", request.peer}});
    return refuse(
        403, "denied",
        fmt::format("`{}` is not a name of this daemon; add it to server.auth.hosts if it should be",
                    host->host));
  }
  if (request.count("origin") == 0) return {};
  const auto origin = parse_origin(request.header("origin"));
  if (request.count("origin") > 1 || !origin || !our_origin(*origin, *host, request)) {
    log::debug("a request of a foreign origin was refused", {{"origin", request.header("origin")}});
    return refuse(403, "denied", "pages of this origin may not use this daemon; see server.auth.origins");
  }
  return {};
}

const Principal* Access::find(const std::string& token) const {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  // Every token is compared whole: how long it takes says nothing about which one was nearly right.
  const Principal* found = nullptr;
  for (const Token& known : tokens_)
    if (CRYPTO_memcmp(known.digest.data(), digest.data(), digest.size()) == 0) found = &known.principal;
  return found;
}

std::expected<Principal, net::ServerReply> Access::authenticate(const net::ServerRequest& request) {
  if (tokens_.empty()) {
    if (request.loopback) return Principal{};
    return refuse(401, "denied",
                  "no tokens are configured, and only this machine may use the daemon without one");
  }
  const Instant now = clock_.now();
  if (const auto wait = limiter_.blocked(request.peer, now); wait.count() > 0) {
    auto reply = net::error_reply(429, "busy", "too many wrong tokens came from this address; try later");
    reply.headers.emplace_back("Retry-After",
                               std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()));
    return std::unexpected(std::move(reply));
  }
  const std::string token = bearer_token(request);
  if (!token.empty()) {
    if (const Principal* principal = find(token)) return *principal;
    if (limiter_.failed(request.peer, now))
      log::warn("an address sent too many wrong tokens and must wait", {{"peer", request.peer}});
  }
  auto reply = net::error_reply(401, "denied",
                                token.empty() ? "this daemon needs a token: Authorization: Bearer TOKEN"
                                              : "the token is not one of this daemon's");
  reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  return std::unexpected(std::move(reply));
}

}  // namespace troupe::gateway

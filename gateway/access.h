#pragma once

#include "gateway/auth_limiter.h"
#include "gateway/authority.h"
#include "gateway/settings.h"
#include "runtime/base/clock.h"
#include "runtime/base/context.h"
#include "runtime/net/http_server.h"

#include <array>
#include <expected>
#include <string>
#include <vector>

namespace troupe::gateway {

/// Who may talk to the daemon. Two questions, asked of every request in this order:
///
/// 1. Does it come from a page that has no business here? `Host` must be one of ours, or a page of a foreign
/// name
///    that resolves to this machine (DNS rebinding) could talk to us; `Origin`, which browsers add and pages
///    cannot forge, must be ours or one of server.auth.origins. "null" never is.
/// 2. Who is it? A bearer token; where none is configured, a peer on this machine is the principal `local`. A
///    token is never looked for in a cookie or a query string. A browser, which cannot set headers of a
///    WebSocket, offers it as the subprotocol `bearer.` + base64url(token), which is never echoed.
///
/// Loop thread.
class Access {
 public:
  /// The settings have passed check_listen().
  Access(const Clock& clock, const ServerSettings& settings);

  /// Error: the answer to give (400, 403).
  std::expected<void, net::ServerReply> check_site(const net::ServerRequest& request) const;
  /// Error: the answer to give (401, 429).
  std::expected<Principal, net::ServerReply> authenticate(const net::ServerRequest& request);

  /// Tokens, origins and hosts of a reloaded configuration; what was counted stays.
  void reconfigure(const ServerSettings& settings);

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Token {
    Digest digest;
    Principal principal;
  };

  bool our_host(const Authority& host, const net::ServerRequest& request) const;
  bool our_origin(const Origin& origin, const Authority& host, const net::ServerRequest& request) const;
  const Principal* find(const std::string& token) const;

  const Clock& clock_;
  AuthLimiter limiter_;
  std::string listen_host_;
  std::vector<Authority> hosts_;
  std::vector<Origin> origins_;
  std::vector<Token> tokens_;
};

/// The token of a request: from `Authorization: Bearer`, else from an offered subprotocol; "" when it bears
/// none.
std::string bearer_token(const net::ServerRequest& request);

/// The subprotocols a request offers, in order.
std::vector<std::string> offered_subprotocols(const net::ServerRequest& request);

}  // namespace troupe::gateway

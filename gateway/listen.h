#pragma once

#include "gateway/settings.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::gateway {

/// Where `server.listen` says we listen.
struct ListenAddress {
  std::string address;  ///< IPv4 or IPv6
  std::uint16_t port = 0;
  bool loopback = false;  ///< nobody but this machine can reach it
};

/// Reads ADDRESS:PORT: an IP address ([::1] with brackets), localhost, or * for every IPv4 and IPv6 address.
/// A name is refused: it may lead anywhere by the time it is looked up. The configuration, `--listen` and the
/// gateway all read it here. Errors: invalid, saying what to write instead, without the text itself.
Result<ListenAddress> parse_listen(std::string_view listen);

/// What is wrong with `server.listen`, or "": it cannot be read, or it can be reached from other machines and
/// nobody would be asked for a token. Without the text itself.
std::string listen_problem(std::string_view listen, bool has_tokens);

/// What must be true of the `server:` section before anything listens: the address can be read, a listener
/// that others can reach has tokens, every token is a SHA-256 in hex with a name, TLS has both its files,
/// origins and hosts are such. Errors: invalid, naming the key and what to do.
Result<> check_listen(const ServerSettings& settings);

/// "http://127.0.0.1:7420" as it is printed and written to the lock file.
std::string base_url(const ListenAddress& at, bool tls);

}  // namespace troupe::gateway

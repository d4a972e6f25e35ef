#pragma once

#include "runtime/base/result.h"
#include "runtime/net/address.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct Curl_URL;

namespace troupe::net {

/// An absolute http or https URL as libcurl's own parser reads it, so that what is checked is what is
/// connected to. Host names are in lower case, in their ASCII form (IDNA) and without the trailing dot;
/// numeric spellings of an IPv4 address (decimal, octal, hex, short) are dotted quads. Immutable.
class Url {
 public:
  /// Spaces and non-ASCII bytes in path and query are percent-encoded. Errors: invalid (cannot be parsed, too
  /// long); denied for a scheme other than http and https.
  static Result<Url> parse(std::string_view text);
  /// A Location or link found at this URL (RFC 3986 section 5). Errors as above.
  Result<Url> resolve(std::string_view reference) const;

  const std::string& text() const { return text_; }  ///< with everything: may hold secrets
  const std::string& display() const {
    return display_;
  }  ///< without userinfo, query and fragment: for people
  const std::string& scheme() const { return scheme_; }
  const std::string& host() const { return host_; }  ///< IPv6 without brackets
  std::uint16_t port() const { return port_; }
  bool is_https() const { return scheme_ == "https"; }
  /// The host when it is a literal address.
  const std::optional<Address>& address() const { return address_; }
  bool same_origin(const Url& other) const {
    return scheme_ == other.scheme_ && host_ == other.host_ && port_ == other.port_;
  }

  /// For CURLOPT_CURLU; lives as long as this object. libcurl copies it.
  Curl_URL* handle() const { return handle_.get(); }

 private:
  struct Free {
    void operator()(Curl_URL* handle) const;
  };
  using Handle = std::unique_ptr<Curl_URL, Free>;

  static Result<Url> read(Handle handle, std::string_view shown);
  Result<> normalize_host();
  Result<> copy_parts();

  Handle handle_;
  std::string text_, display_, scheme_, host_;
  std::uint16_t port_ = 0;
  std::optional<Address> address_;
};

/// Where a proxy listens.
struct ProxyPeer {
  std::string host;  ///< as in Url
  std::uint16_t port = 0;
  std::optional<Address> address;
};
/// From network.proxy: [http://|https://|socks5h://][user:password@]host[:port]. Without a port: libcurl's
/// 1080, or 443 for https. Plain socks4 and socks5 are refused, because there libcurl would resolve names
/// itself. Error: invalid.
Result<ProxyPeer> parse_proxy(std::string_view text);

/// Text that was meant to be a URL, without what may be secret in one, bounded: for messages.
std::string redacted_url(std::string_view text);

}  // namespace troupe::net

#include "runtime/net/url.h"

#include "runtime/base/ascii.h"
#include "runtime/base/limits.h"
#include "runtime/net/curl_library.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <cwchar>
#include <locale.h>
#include <netinet/in.h>

#include <fmt/format.h>

namespace troupe::net {
namespace {

// No default scheme: "example.org" alone is more often a mistake than a wish.
constexpr unsigned kParse = CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME;

std::string part(CURLU* handle, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl().url_get(handle, which, &text, flags) != CURLUE_OK) return "";
  std::string out(text);
  curl().free(text);
  return out;
}

/// The host in its ASCII form, "" when it has none. libcurl reads non-ASCII names in the thread's locale,
/// which for a daemon is "C", so we lend it one that knows UTF-8.
std::string ascii_host(CURLU* handle) {
  // libcurl 7.88.1 loses its copy of a name that it cannot convert (curl_url_get with CURLU_PUNYCODE), so
  // what cannot be a name is not shown to it, and what remains is short.
  constexpr std::size_t kNameBytes = 1'000;
  const std::string host = part(handle, CURLUPART_HOST);
  if (std::ranges::all_of(host, [](unsigned char c) { return c < 0x80; })) return host;
  const locale_t utf8 = host.size() <= kNameBytes ? newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr) : nullptr;
  if (!utf8) return "";
  const locale_t before = uselocale(utf8);
  const char* text = host.c_str();
  std::mbstate_t state{};
  const bool readable = std::mbsrtowcs(nullptr, &text, 0, &state) != static_cast<std::size_t>(-1);
  std::string ascii = readable ? part(handle, CURLUPART_HOST, CURLU_PUNYCODE) : "";
  uselocale(before);
  freelocale(utf8);
  return ascii;
}

/// The scheme of an absolute URL (RFC 3986 section 3.1) as written, "" of anything else. In "localhost:80" it
/// is the host: a scheme is not followed by a number.
std::string_view scheme_of(std::string_view text) {
  const auto is_scheme = [](unsigned char c) { return std::isalnum(c) || c == '+' || c == '-' || c == '.'; };
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon >= text.size() - 1 || !std::isalpha(static_cast<unsigned char>(text.front())) ||
      !std::ranges::all_of(text.substr(0, colon), is_scheme))
    return "";
  return std::isdigit(static_cast<unsigned char>(text[colon + 1])) ? "" : text.substr(0, colon);
}

bool spoken(std::string_view scheme) {
  return same_but_case(scheme, "http") || same_but_case(scheme, "https");
}

Error not_spoken(std::string_view shown, std::string_view scheme) {
  return Error{ErrorCode::denied, fmt::format("`{}` is refused: only http and https are spoken, not {}",
                                              redacted_url(shown), redacted_url(scheme))};
}

/// Every spelling of an IPv4 address that getaddrinfo would take for one.
std::optional<Address> numeric_host(const std::string& host) {
  in_addr address{};
  if (!host.empty() && std::isdigit(static_cast<unsigned char>(host.front())) &&
      inet_aton(host.c_str(), &address))
    return Address::v4(ntohl(address.s_addr));
  return Address::parse(host);
}

Error not_a_url(std::string_view shown, std::string_view why) {
  return Error{ErrorCode::invalid, fmt::format("`{}` is not a usable URL: {}", redacted_url(shown), why)};
}

}  // namespace

void Url::Free::operator()(Curl_URL* handle) const {
  curl().url_cleanup(handle);
}

Result<Url> Url::parse(std::string_view text) {
  if (text.size() > limits::kUrlBytes) return fail(not_a_url(text, "it is too long"));
  if (text.find('\0') != text.npos) return fail(not_a_url(text, "it holds a zero byte"));
  if (const auto scheme = scheme_of(text); !scheme.empty() && !spoken(scheme))
    return fail(not_spoken(text, scheme));
  if (auto library = load_curl(); !library) return fail(std::move(library.error()));
  Handle handle(curl().url());
  const std::string copy(text);
  if (auto code = curl().url_set(handle.get(), CURLUPART_URL, copy.c_str(), kParse); code != CURLUE_OK)
    return fail(not_a_url(text, curl().url_strerror(code)));
  return read(std::move(handle), text);
}

Result<Url> Url::resolve(std::string_view reference) const {
  if (reference.size() > limits::kUrlBytes) return fail(not_a_url(reference, "it is too long"));
  if (const auto scheme = scheme_of(reference); !scheme.empty() && !spoken(scheme))
    return fail(not_spoken(reference, scheme));
  Handle handle(curl().url_dup(handle_.get()));
  const std::string copy(reference);
  if (auto code = curl().url_set(handle.get(), CURLUPART_URL, copy.c_str(), kParse); code != CURLUE_OK)
    return fail(not_a_url(reference, curl().url_strerror(code)));
  return read(std::move(handle), reference);
}

Result<Url> Url::read(Handle handle, std::string_view shown) {
  Url url;
  url.handle_ = std::move(handle);
  url.scheme_ = part(url.handle_.get(), CURLUPART_SCHEME);
  if (!spoken(url.scheme_)) return fail(not_spoken(shown, url.scheme_));
  if (auto ok = url.normalize_host(); !ok) return fail(not_a_url(shown, ok.error().message));
  if (auto ok = url.copy_parts(); !ok) return fail(not_a_url(shown, ok.error().message));
  return url;
}

/// Brings the host to the one form that the guard, the resolver and libcurl's own cache all see.
Result<> Url::normalize_host() {
  std::string host = ascii_host(handle_.get());
  const std::string original = part(handle_.get(), CURLUPART_HOST);
  if (host.empty()) return fail(ErrorCode::invalid, "the host name is not valid");
  if (host.front() != '[') {
    if (host.ends_with('.')) host.pop_back();
    host = lower(host);
    if (auto address = numeric_host(host)) host = address->text();
    // What is left of a bad number ("256.256.256.256", "0x7f000001.") must not reach a resolver that guesses.
    const auto last = host.substr(host.rfind('.') + 1);
    const bool number =
        !last.empty() && std::ranges::all_of(last, [](unsigned char c) { return std::isdigit(c); });
    if (host.empty() || (!Address::parse(host) && (number || last.starts_with("0x"))))
      return fail(ErrorCode::invalid, "the host is neither a name nor an address");
  } else {
    curl().url_set(handle_.get(), CURLUPART_ZONEID, nullptr, 0);
    if (auto address = Address::parse(host)) host = "[" + address->text() + "]";
  }
  if (host != original && curl().url_set(handle_.get(), CURLUPART_HOST, host.c_str(), 0) != CURLUE_OK)
    return fail(ErrorCode::invalid, "the host name is not valid");
  address_ = Address::parse(host);
  if (host.front() == '[') {
    if (!address_) return fail(ErrorCode::invalid, "the IPv6 address is not valid");
    host = host.substr(1, host.size() - 2);
  }
  host_ = std::move(host);
  return {};
}

Result<> Url::copy_parts() {
  const std::string port = part(handle_.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  const int number = std::atoi(port.c_str());
  if (number < 1 || number > 65535) return fail(ErrorCode::invalid, "the port is not between 1 and 65535");
  port_ = static_cast<std::uint16_t>(number);
  text_ = part(handle_.get(), CURLUPART_URL);
  const std::string written = part(handle_.get(), CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
  display_ = scheme_ + "://" + part(handle_.get(), CURLUPART_HOST) + (written.empty() ? "" : ":" + written) +
             part(handle_.get(), CURLUPART_PATH);
  return {};
}

Result<ProxyPeer> parse_proxy(std::string_view text) {
  auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::invalid,
                fmt::format("network.proxy `{}` cannot be used: {}", redacted_url(text), why));
  };
  std::string_view rest = text;
  std::string_view scheme = "http";
  if (const auto mark = text.find("://"); mark != text.npos) {
    scheme = text.substr(0, mark);
    rest = text.substr(mark + 3);
  }
  if (scheme != "http" && scheme != "https" && scheme != "socks5h")
    return refuse("it has to begin with http://, https:// or socks5h://");
  auto url = Url::parse((scheme == "https" ? "https://" : "http://") + std::string(rest));
  if (!url) return refuse("no host and port can be read from it");
  const bool has_port = !part(url->handle(), CURLUPART_PORT, CURLU_NO_DEFAULT_PORT).empty();
  constexpr std::uint16_t kDefault = 1080;
  return ProxyPeer{url->host(), has_port || scheme == "https" ? url->port() : kDefault, url->address()};
}

std::string redacted_url(std::string_view text) {
  constexpr std::size_t kShown = 200;
  text = text.substr(0, text.find_first_of("?#"));
  std::string scheme;
  if (const auto mark = text.find("://"); mark != text.npos) {
    scheme = text.substr(0, mark + 3);
    text.remove_prefix(mark + 3);
  }
  // A malformed URL may hold its password anywhere before the last @.
  if (const auto at = text.rfind('@'); at != text.npos) text.remove_prefix(at + 1);
  std::string out = scheme + std::string(text);
  if (out.size() > kShown) out = out.substr(0, kShown) + "…";
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

}  // namespace troupe::net

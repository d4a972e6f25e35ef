#include "memory/knowledge/source_name.h"

#include "runtime/net/url.h"

#include <algorithm>
#include <array>

namespace troupe::memory {

namespace {

// "X-Amz-Signature", "access_token", "key"
bool names_secret(std::string_view parameter) {
  std::string name(parameter);
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  static constexpr std::array<std::string_view, 6> kParts{"token",    "secret",     "signature",
                                                          "password", "credential", "apikey"};
  static constexpr std::array<std::string_view, 5> kWhole{"key", "api_key", "api-key", "sig", "auth"};
  return std::ranges::any_of(kParts, [&](std::string_view part) { return name.contains(part); }) ||
         std::ranges::find(kWhole, name) != kWhole.end();
}

bool bears_secret(std::string_view query) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find_first_of("&;"));
    if (names_secret(pair.substr(0, pair.find('=')))) return true;
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
  }
  return false;
}

}  // namespace

bool is_url(std::string_view source) {
  return source.starts_with("http://") || source.starts_with("https://");
}

std::string shown_source(const std::string& source) {
  return is_url(source) ? net::redacted_url(source) : source;
}

std::string shown_address(std::string_view source) {
  const std::size_t query = source.find('?');
  const bool secret = is_url(source) && query != std::string_view::npos &&
                      bears_secret(source.substr(query + 1, source.find('#', query) - query - 1));
  return secret ? net::redacted_url(source) : std::string(source);
}

std::string shown_name(std::string_view source) {
  if (is_url(source)) return shown_address(source);
  const std::size_t slash = source.rfind('/');
  return std::string(slash == std::string_view::npos ? source : source.substr(slash + 1));
}

}  // namespace troupe::memory

#include "models/endpoint.h"

namespace troupe::models {

std::string endpoint(std::string_view base_url, std::string_view version, std::string_view path) {
  std::string_view query;
  if (std::size_t at = base_url.find_first_of("?#"); at != std::string_view::npos) {
    query = base_url.substr(at);
    query = query.substr(0, query.find('#'));
    base_url = base_url.substr(0, at);
  }
  while (base_url.ends_with('/')) base_url.remove_suffix(1);
  std::string url(base_url);
  if (!base_url.ends_with(path)) {
    std::size_t host = base_url.find("://");
    host = host == std::string_view::npos ? 0 : host + 3;
    bool bare_host = base_url.find('/', host) == std::string_view::npos;
    if (bare_host) url += version;
    url += path;
  }
  url += query;
  return url;
}

std::string shown_url(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  std::size_t host = url.find("://");
  if (host == std::string_view::npos) return std::string(url);
  host += 3;
  std::size_t end = url.find('/', host);
  std::size_t at = url.substr(host, end == std::string_view::npos ? end : end - host).rfind('@');
  std::string shown(url.substr(0, host));
  shown += at == std::string_view::npos ? url.substr(host) : url.substr(host + at + 1);
  return shown;
}

}  // namespace troupe::models

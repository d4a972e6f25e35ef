#include "models/place.h"

#include "runtime/base/ascii.h"
#include "runtime/config/hosts.h"

#include <algorithm>

namespace troupe::models {

namespace {

// RFC 9110 5.6.2
bool token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

// Headers that frame a request; another value would break it.
std::string header_problem(std::string_view name) {
  if (name.empty() || !std::all_of(name.begin(), name.end(), token_char)) return "is not a header name";
  for (std::string_view ours : {"host", "content-length", "transfer-encoding", "connection", "content-type"})
    if (same_but_case(name, ours)) return "is set by the daemon and cannot be changed";
  return "";
}

std::string_view host_of(std::string_view url) {
  url.remove_prefix(std::min(url.size(), url.find("://") + 3));
  url = url.substr(0, url.find_first_of("/?#"));
  if (url.starts_with('[')) return url.substr(1, url.find(']') - 1);
  return url.substr(0, url.find(':'));
}

bool travels_open(std::string_view base_url) {
  return base_url.starts_with("http://") && !config::is_loopback(host_of(base_url));
}

}  // namespace troupe::models

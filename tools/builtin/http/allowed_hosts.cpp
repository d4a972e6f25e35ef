#include "tools/builtin/http/allowed_hosts.h"

#include "runtime/config/hosts.h"
#include "runtime/net/url.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools {

std::string AllowedHosts::problem(std::string_view entry) {
  if (entry.find("://") != entry.npos || entry.find('/') != entry.npos)
    return "write the host alone, without `https://` and path";
  if (entry.starts_with("*.")) entry.remove_prefix(2);
  if (entry.find('*') != entry.npos) return "a `*` stands for the names below a domain: `*.crm.example`";
  const bool v6 = entry.starts_with('[') && entry.ends_with(']');
  if (v6) entry = entry.substr(1, entry.size() - 2);
  const bool ascii = std::ranges::all_of(entry, [](unsigned char c) { return c < 0x80; });
  return !ascii || config::valid_host(entry) ? "" : "it is not a host name";
}

Result<AllowedHosts> AllowedHosts::make(const std::vector<std::string>& entries) {
  AllowedHosts made;
  for (const std::string& entry : entries) {
    const bool below = entry.starts_with("*.");
    const std::string host = entry.substr(below ? 2 : 0);
    const bool v6 = host.find(':') != host.npos && !host.starts_with('[');
    const std::string why = problem(entry);
    auto url = why.empty() ? net::Url::parse("http://" + (v6 ? "[" + host + "]" : host) + "/")
                           : fail(ErrorCode::invalid, why);
    if (!url) return fail(ErrorCode::invalid, fmt::format("`{}`: {}", entry, url.error().message));
    if (below)
      made.below_.push_back("." + url->host());
    else
      made.exact_.push_back(url->host());
  }
  return made;
}

bool AllowedHosts::allows(std::string_view host) const {
  return std::ranges::find(exact_, host) != exact_.end() ||
         std::ranges::any_of(below_, [&](const std::string& domain) {
           return host.size() > domain.size() && host.ends_with(domain);
         });
}

std::string AllowedHosts::text() const {
  std::vector<std::string> shown = exact_;
  for (const std::string& domain : below_) shown.push_back("*" + domain);
  return fmt::format("{}", fmt::join(shown, ", "));
}

}  // namespace troupe::tools

#include "plugins/host/granted_http.h"

#include "runtime/net/url.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

GrantedHttp::GrantedHttp(net::HttpClient& client, std::vector<std::string> hosts)
    : client_(client), hosts_(std::move(hosts)) {}

Task<Result<net::HttpResponse>> GrantedHttp::fetch(net::HttpRequest request, Stop& stop) {
  auto url = net::Url::parse(request.url);
  if (!url) co_return fail(std::move(url.error()));
  if (!grants(url->host()))
    co_return fail(ErrorCode::denied,
                   fmt::format("{}: the host `{}` is not granted to the plugin; the operator grants it with "
                               "`grant: {{ hosts: [{}] }}`",
                               url->display(), url->host(), url->host()));
  request.redirects_max = 0;
  request.body_max = request.body_max ? std::min(request.body_max, kPluginFetchBytes) : kPluginFetchBytes;
  co_return co_await client_.fetch(std::move(request), stop);
}

bool GrantedHttp::grants(std::string_view host) const {
  return std::ranges::any_of(hosts_, [host](std::string_view granted) {
    if (!granted.starts_with("*.")) return host == granted;
    granted.remove_prefix(1);
    return host.size() > granted.size() && host.ends_with(granted);
  });
}

}  // namespace troupe::plugins

#pragma once

#include "runtime/net/http_client.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::plugins {

inline constexpr std::size_t kPluginFetchBytes = 8u << 20;  // of one answer

/// The daemon's guarded client as a plugin may use it: to reach the hosts that its configuration grants.
/// Loop thread only.
class GrantedHttp {
 public:
  /// `hosts`: names, `*.name` for all below it. `client` is guarded and outlives this.
  GrantedHttp(net::HttpClient& client, std::vector<std::string> hosts);

  /// Redirects are answers like any other. Errors: denied (a host that is not granted, named with what to
  /// write), else as HttpClient::fetch().
  Task<Result<net::HttpResponse>> fetch(net::HttpRequest request, Stop& stop);

 private:
  bool grants(std::string_view host) const;

  net::HttpClient& client_;
  const std::vector<std::string> hosts_;
};

}  // namespace troupe::plugins

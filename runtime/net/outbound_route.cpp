#include "runtime/net/outbound_route.h"

#include "runtime/net/curl_error.h"
#include "runtime/telemetry/log.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::net {
namespace {

std::string cache_entry(const std::string& host, std::uint16_t port, const std::vector<Address>& addresses) {
  std::string entry = fmt::format("+{}:{}:", host, port);
  for (const Address& address : addresses) {
    if (!entry.ends_with(':')) entry += ',';
    entry += address.is_v4() ? address.text() : "[" + address.text() + "]";
  }
  return entry;
}

bool is_this_machine(const Url& url) {
  return url.host() == "localhost" || url.host().ends_with(".localhost") ||
         (url.address() && refusing_rule(*url.address()).starts_with("loopback"));
}

}  // namespace

Routing::Routing(Loop& loop, const NetworkSettings& settings, Guarding guarding, Resolver::Lookup lookup)
    : loop_(loop), guarded_(guarding == Guarding::guarded), resolver_(loop, std::move(lookup)) {
  // The configuration has checked both with a place to point at; a caller that did not gets the strict
  // reading.
  auto guard = OutboundGuard::make(settings.allow_private);
  if (guard)
    guard_ = std::move(*guard);
  else
    log::error("network.allow_private is ignored", {{"error", guard.error().message}});
  if (!settings.proxy.empty()) proxy_ = parse_proxy(settings.proxy);
}

bool Routing::goes_through_proxy(const Url& url) const {
  return proxy_ && !is_this_machine(url) && !guard_.excepts(url.host()) &&
         !(url.address() && guard_.excepts(*url.address()));
}

Task<Result<Route>> Routing::find(const Url& url, Patience patience) {
  if (proxy_ && !*proxy_) co_return fail(proxy_->error());
  if (guarded_) {
    if (auto ok = guard_.check_host(url.host()); !ok) co_return fail(std::move(ok.error()));
  }
  Route route{.proxied = goes_through_proxy(url)};
  Result<Resolved> resolved = Resolved();
  if (!url.address() && (guarded_ || !route.proxied)) {
    resolved = co_await resolve(url.host(), patience);
    // Behind a proxy this machine may know no outside names at all; then the proxy's own policy decides.
    if (!resolved && (!route.proxied || patience.stop.requested()))
      co_return fail(std::move(resolved.error()));
    if (resolved) {
      if (auto ok = judge(url, *resolved); !ok) co_return fail(std::move(ok.error()));
    }
  }
  const std::string host = route.proxied ? (*proxy_)->host : url.host();
  if (route.proxied ? (*proxy_)->address : url.address()) co_return route;
  if (route.proxied) resolved = co_await resolve(host, patience);
  if (!resolved) co_return within("the proxy of network.proxy", std::move(resolved.error()));
  route.resolve = cache_entry(host, route.proxied ? (*proxy_)->port : url.port(), *resolved->addresses);
  route.generation = resolved->generation;
  co_return route;
}

/// One refused address refuses the name: a mixture is what an attempt to slip through looks like.
Result<> Routing::judge(const Url& url, const Resolved& resolved) const {
  if (!guarded_) return {};
  for (const Address& address : *resolved.addresses) {
    if (auto ok = guard_.check_address(url.host(), address); !ok) return ok;
  }
  return {};
}

Task<Result<Resolved>> Routing::resolve(std::string host, Patience patience) {
  if (auto known = resolver_.known(host)) co_return *known;
  Stop waiting(patience.stop);
  const Instant limit = loop_.clock().now() + patience.lookup;
  auto alarm =
      loop_.at(std::min(limit, patience.deadline.at()), [&] { waiting.request(StopReason::deadline); });
  Result<Resolved> resolved = co_await resolver_.resolve(host, waiting);
  if (resolved || !waiting.requested() || patience.stop.requested()) co_return resolved;
  const bool late = patience.deadline.expired(loop_.clock().now());
  const std::string when = late ? "before the deadline" : "within " + spoken(patience.lookup);
  co_return fail(Error{ErrorCode::timeout, fmt::format("resolve {}: no answer {}", host, when), !late});
}

}  // namespace troupe::net

#include "gateway/gateway.h"

#include "gateway/listen.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::gateway {

namespace {

constexpr std::string_view kSubprotocol = "troupe.v1";

net::HttpServerSettings server_settings(const ServerSettings& settings, const ListenAddress& at,
                                        net::HttpServerSettings server) {
  server.address = at.address;
  server.port = at.port;
  server.tls_certificate = settings.tls_certificate;
  server.tls_key = settings.tls_key;
  server.connections_max = settings.connections_max;
  server.body_max = settings.message_max;
  server.websocket.message_max = settings.message_max;
  return server;
}

}  // namespace

/// What can be asked for. A path may stand here once for each method.
struct Gateway::Route {
  std::string_view method;
  std::string_view path;
  bool open;  ///< needs no token
  net::ServerReply (Gateway::*answer)(const net::ServerRequest& request);
};

const Gateway::Route Gateway::kRoutes[] = {
    {"GET", "/healthz", true, &Gateway::health},
    {"GET", "/readyz", true, &Gateway::ready},
    {"POST", "/v1/reload", false, &Gateway::reload},
    {"GET", "/v1/chat", false, &Gateway::upgrade_required},
};

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return 400;
    case ErrorCode::denied:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::too_large:
      return 413;
    case ErrorCode::busy:
      return 429;
    case ErrorCode::unavailable:
      return 503;
    case ErrorCode::timeout:
      return 504;
    case ErrorCode::cancelled:
    case ErrorCode::network:
    case ErrorCode::protocol:
    case ErrorCode::model:
    case ErrorCode::tool:
    case ErrorCode::store:
    case ErrorCode::internal:
      return 500;
  }
  return 500;
}

Gateway::Gateway(Loop& loop, agents::RunDesk& desk, ServerSettings settings, Reload reload,
                 std::string version, GatewayTiming timing)
    : loop_(loop),
      desk_(desk),
      settings_(std::move(settings)),
      reload_(std::move(reload)),
      version_(std::move(version)),
      timing_(std::move(timing)),
      started_(loop.clock().now()),
      access_(loop.clock(), settings_) {}

Result<std::string> Gateway::start() {
  if (auto sound = check_listen(settings_); !sound) return fail(sound.error());
  auto at = parse_listen(settings_.listen);
  auto server = net::listen_http(loop_, server_settings(settings_, *at, timing_.server), *this);
  if (!server) return fail(server.error());
  server_ = std::move(*server);
  at->port = server_->port();
  return base_url(*at, !settings_.tls_certificate.empty());
}

std::uint16_t Gateway::port() const {
  return server_ ? server_->port() : 0;
}
std::size_t Gateway::connections() const {
  return server_ ? server_->connections() : 0;
}

Result<> Gateway::reconfigure(const ServerSettings& settings) {
  if (auto sound = check_listen(settings); !sound) return sound;
  access_.reconfigure(settings);
  return {};
}

Task<> Gateway::stop(Milliseconds drain) {
  if (server_) co_await server_->stop(drain);
}

Task<net::ServerReply> Gateway::on_http(net::ServerRequest request, Stop&) {
  if (auto fine = access_.check_site(request); !fine) co_return std::move(fine.error());
  std::string allowed;
  for (const Route& route : kRoutes) {
    if (route.path != request.path) continue;
    if (route.method == request.method || (route.method == "GET" && request.method == "HEAD")) {
      if (!route.open)
        if (auto known = access_.authenticate(request); !known) co_return std::move(known.error());
      co_return (this->*route.answer)(request);
    }
    allowed +=
        (allowed.empty() ? "" : ", ") + std::string(route.method) + (route.method == "GET" ? ", HEAD" : "");
  }
  if (allowed.empty())
    co_return net::error_reply(404, "not_found", fmt::format("there is no {}", request.path));
  auto reply = net::error_reply(405, "invalid",
                                fmt::format("{} is not asked for with {}", request.path, request.method));
  reply.headers.emplace_back("Allow", allowed);
  co_return reply;
}

Task<std::expected<net::WsGrant, net::ServerReply>> Gateway::on_upgrade(net::ServerRequest request) {
  if (auto fine = access_.check_site(request); !fine) co_return std::unexpected(std::move(fine.error()));
  if (request.path != "/v1/chat")
    co_return std::unexpected(
        net::error_reply(404, "not_found", fmt::format("there is no WebSocket {}", request.path)));
  auto principal = access_.authenticate(request);
  if (!principal) co_return std::unexpected(std::move(principal.error()));

  auto offered = offered_subprotocols(request);
  std::erase_if(offered, [](const std::string& name) { return name.starts_with("bearer."); });
  net::WsGrant grant;
  if (std::ranges::find(offered, kSubprotocol) != offered.end())
    grant.subprotocol = kSubprotocol;
  else if (!offered.empty())
    co_return std::unexpected(net::error_reply(400, "invalid", "the subprotocol spoken here is troupe.v1"));
  grant.serve = [this, who = std::move(*principal)](net::WsConnection& connection, Stop& drain) {
    return chat(connection, drain, who);
  };
  co_return grant;
}

Task<> Gateway::chat(net::WsConnection& connection, Stop& drain, Principal principal) {
  ChatConnection conversation(loop_, desk_, connection, std::move(principal), timing_.chat);
  co_await conversation.run(drain);
}

net::ServerReply Gateway::health(const net::ServerRequest&) {
  const auto status = desk_.status();
  Json body = Json::object();
  body["status"] = "ok";
  body["version"] = version_;
  body["uptime_s"] = std::chrono::duration_cast<std::chrono::seconds>(loop_.clock().now() - started_).count();
  body["running"] = status.running;
  body["queued"] = status.queued;
  body["sessions"] = status.sessions;
  body["connections"] = connections();
  net::ServerReply reply;
  reply.body = dump(body);
  return reply;
}

net::ServerReply Gateway::ready(const net::ServerRequest&) {
  const auto status = desk_.status();
  if (!status.admitting)
    return net::error_reply(503, "unavailable", status.reason.empty() ? "not ready" : status.reason);
  net::ServerReply reply;
  reply.body = R"({"status":"ready"})";
  return reply;
}

net::ServerReply Gateway::reload(const net::ServerRequest&) {
  if (!reload_)
    return net::error_reply(503, "unavailable", "this daemon has no configuration file to reload");
  auto done = reload_();
  if (!done)
    return net::error_reply(status_of(done.error().code), word(done.error().code), done.error().message);
  Json body = Json::object();
  body["status"] = "reloaded";
  body["message"] = *done;
  net::ServerReply reply;
  reply.body = dump(body);
  return reply;
}

net::ServerReply Gateway::upgrade_required(const net::ServerRequest&) {
  auto reply = net::error_reply(426, "invalid", "/v1/chat is a WebSocket; ask for an upgrade");
  reply.headers.emplace_back("Upgrade", "websocket");
  return reply;
}

}  // namespace troupe::gateway

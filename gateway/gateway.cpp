#include "gateway/gateway.h"

#include "gateway/http/catalog_routes.h"
#include "gateway/http/knowledge_routes.h"
#include "gateway/http/run_routes.h"
#include "gateway/http/session_routes.h"
#include "gateway/listen.h"

#include <algorithm>
#include <optional>
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

Task<net::ServerReply> answer(net::ServerReply reply) {
  co_return reply;
}
Task<net::ServerReply> answer(Task<net::ServerReply> reply) {
  return reply;
}

}  // namespace

/// Who answers what, beside the gateway itself.
struct Gateway::Routes {
  std::optional<RunRoutes> runs;
  std::optional<SessionRoutes> sessions;
  std::optional<KnowledgeRoutes> knowledge;
  std::optional<CatalogRoutes> catalog;
};

Gateway::Gateway(Loop& loop, agents::RunDesk& desk, ServerSettings settings, GatewayServices services,
                 std::string version, GatewayTiming timing)
    : loop_(loop),
      desk_(desk),
      settings_(std::move(settings)),
      services_(std::move(services)),
      version_(std::move(version)),
      timing_(std::move(timing)),
      started_(loop.clock().now()),
      access_(loop.clock(), settings_),
      routes_(std::make_unique<Routes>()) {
  add_own_routes();
  if (services_.offer) routes_->catalog.emplace(services_.offer).add_to(router_);
  routes_->runs.emplace(loop_, desk_).add_to(router_);
  if (services_.sessions)
    routes_->sessions.emplace(desk_, *services_.sessions, services_.offer).add_to(router_);
  if (services_.knowledge)
    routes_->knowledge.emplace(loop_, *services_.knowledge, services_.offer).add_to(router_);
}
Gateway::~Gateway() = default;

void Gateway::add_own_routes() {
  const auto add = [this](const char* method, const char* path, bool open, auto reply) {
    router_.add({.method = method, .path = path, .open = open, .answer = [reply](HttpCall) {
                   return answer(reply());
                 }});
  };
  add("GET", "/healthz", true, [this] { return health(); });
  add("GET", "/readyz", true, [this] { return ready(); });
  add("POST", "/v1/reload", false, [this] { return reload(); });
  add("GET", "/v1/chat", false, [] { return upgrade_required(); });
}

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

std::expected<std::size_t, net::ServerReply> Gateway::on_head(const net::ServerRequest& head,
                                                              std::size_t usual) {
  const auto match = router_.find(head.method, head.path);
  if (!match || match->route->body_max <= usual) return usual;
  // A body that is larger than others is only read of who may send it.
  if (auto fine = access_.check_site(head); !fine) return std::unexpected(std::move(fine.error()));
  if (auto known = access_.authenticate(head); !known) return std::unexpected(std::move(known.error()));
  return match->route->body_max;
}

Task<net::ServerReply> Gateway::on_http(net::ServerRequest request, Stop& drain) {
  if (auto fine = access_.check_site(request); !fine) co_return std::move(fine.error());
  auto match = router_.find(request.method, request.path);
  if (!match) co_return std::move(match.error());
  const HttpRoute& route = *match->route;
  if (route.open) co_return co_await route.answer({.request = std::move(request), .drain = drain});
  auto principal = access_.authenticate(request);
  if (!principal) co_return std::move(principal.error());
  auto query = Query::parse(request.query);
  if (!query) co_return failure_reply(query.error());
  if (auto known = query->only(route.parameters); !known) co_return failure_reply(known.error());
  co_return co_await route.answer({.request = std::move(request),
                                   .principal = std::move(*principal),
                                   .names = std::move(match->names),
                                   .query = std::move(*query),
                                   .drain = drain});
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

net::ServerReply Gateway::health() const {
  const auto status = desk_.status();
  Json body = Json::object();
  body["status"] = "ok";
  body["version"] = version_;
  body["uptime_s"] = std::chrono::duration_cast<std::chrono::seconds>(loop_.clock().now() - started_).count();
  body["running"] = status.running;
  body["queued"] = status.queued;
  body["sessions"] = status.sessions;
  body["connections"] = connections();
  return json_reply(body);
}

net::ServerReply Gateway::ready() const {
  const auto status = desk_.status();
  if (!status.admitting)
    return net::error_reply(503, "unavailable", status.reason.empty() ? "not ready" : status.reason);
  net::ServerReply reply;
  reply.body = R"({"status":"ready"})";
  return reply;
}

Task<net::ServerReply> Gateway::reload() {
  if (!services_.reload)
    co_return net::error_reply(503, "unavailable", "this daemon has no configuration file to reload");
  auto done = co_await services_.reload();
  if (!done) co_return failure_reply(done.error());
  Json body = Json::object();
  body["status"] = "reloaded";
  body["message"] = *done;
  co_return json_reply(body);
}

net::ServerReply Gateway::upgrade_required() {
  auto reply = net::error_reply(426, "invalid", "/v1/chat is a WebSocket; ask for an upgrade");
  reply.headers.emplace_back("Upgrade", "websocket");
  return reply;
}

}  // namespace troupe::gateway

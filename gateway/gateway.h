#pragma once

#include "agents/runs/run_desk.h"
#include "agents/sessions/session_archive.h"
#include "gateway/access.h"
#include "gateway/chat/chat_connection.h"
#include "gateway/http/router.h"
#include "gateway/offer.h"
#include "gateway/settings.h"
#include "memory/knowledge/store/knowledge_store.h"
#include "runtime/async/loop.h"
#include "runtime/net/http_server.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace troupe::gateway {

/// Reloads the configuration: says what changed, or why nothing did. Loop thread. Outlives what it returns.
using Reload = std::function<Task<Result<std::string>>()>;

/// What stands behind the paths of the gateway beside the desk. What is null has no path. All outlive it.
struct GatewayServices {
  Reload reload;  ///< null: /v1/reload says that there is nothing to reload
  CurrentOffer offer;
  agents::SessionArchive* sessions = nullptr;   ///< wants an offer
  memory::KnowledgeStore* knowledge = nullptr;  ///< wants an offer
};

/// What the configuration does not say and tests shorten.
struct GatewayTiming {
  net::HttpServerSettings server;  ///< address, port, limits and TLS are taken from ServerSettings
  ChatSettings chat;
};

/// The daemon's front door: HTTP and WebSocket on one listener. It decides who may come in and what may be
/// asked; what is done is the RunDesk's. Loop thread only; stop() must have returned before it is destroyed.
class Gateway final : public net::HttpHandler {
 public:
  Gateway(Loop& loop, agents::RunDesk& desk, ServerSettings settings, GatewayServices services,
          std::string version, GatewayTiming timing = {});
  ~Gateway() override;

  /// Checks the settings (check_listen) and listens. Returns where, with the port that was bound. Errors:
  /// invalid, network.
  Result<std::string> start();
  std::uint16_t port() const;
  std::size_t connections() const;

  /// Tokens, origins and hosts of a reloaded configuration. `listen`, TLS and limits need a restart.
  Result<> reconfigure(const ServerSettings& settings);

  /// Stops accepting, closes conversations with 1001 after what they still had to be sent, lets requests end,
  /// and drops who is not done when `drain` is over.
  Task<> stop(Milliseconds drain);

  Task<net::ServerReply> on_http(net::ServerRequest request, Stop& drain) override;
  Task<std::expected<net::WsGrant, net::ServerReply>> on_upgrade(net::ServerRequest request) override;
  std::expected<std::size_t, net::ServerReply> on_head(const net::ServerRequest& head,
                                                       std::size_t usual) override;

 private:
  struct Routes;

  void add_own_routes();
  net::ServerReply health() const;
  net::ServerReply ready() const;
  Task<net::ServerReply> reload();
  static net::ServerReply upgrade_required();
  Task<> chat(net::WsConnection& connection, Stop& drain, Principal principal);

  Loop& loop_;
  agents::RunDesk& desk_;
  const ServerSettings settings_;
  const GatewayServices services_;
  const std::string version_;
  const GatewayTiming timing_;
  const Instant started_;
  Access access_;
  const std::unique_ptr<Routes> routes_;
  Router router_;
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace troupe::gateway

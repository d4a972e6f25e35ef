#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/nursery.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/stop.h"
#include "runtime/base/context.h"
#include "runtime/base/secret.h"
#include "runtime/net/http_client.h"
#include "tools/mcp/bounds.h"
#include "tools/mcp/listing.h"
#include "tools/mcp/protocol/session.h"
#include "tools/mcp/server_settings.h"
#include "tools/mcp/transport/transport.h"

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace troupe::tools::mcp {

/// How long a server is waited for; tests are less patient.
struct ServerPatience {
  Milliseconds probe = bounds::kProbe;
  Milliseconds handshake = bounds::kHandshake;
  Milliseconds listing = bounds::kListing;
  Milliseconds wait_for_server = bounds::kWaitForServer;
  Milliseconds backoff_first = bounds::kBackoffFirst;
  Milliseconds backoff_max = bounds::kBackoffMax;
  Milliseconds relist_floor = bounds::kRelistFloor;
  Milliseconds sweep = bounds::kSweep;
};

/// What all servers are given. Outlives them.
struct ServerServices {
  Loop& loop;
  net::HttpClient& http;  ///< may reach what the operator wrote down, also on this machine
  std::string client_version = "0";
  ServerPatience patience{};
};

/// One MCP server and whatever it takes to have it: it is started or connected to, opened, asked for its
/// tools, and started again when it ends, sooner at first and later and later where that does not help. Calls
/// go to the connection of the moment; one that is under way when the server ends is told so, for whether it
/// was carried out cannot be known. Loop thread only. close() must have returned before it is destroyed.
class Server final : private TransportEvents {
 public:
  Server(ServerServices services, ServerSettings settings);
  ~Server() override;

  /// Begins to have it, in the background. Once.
  void start();
  /// Ends it. Calls that are under way fail.
  Task<> close();
  /// Waits until the first attempt has succeeded or failed, at most for so long.
  Task<> settled(Milliseconds patience);

  const ServerSettings& settings() const { return settings_; }
  /// What it offers; of the last connection while there is none. Null: not known yet.
  std::shared_ptr<const Listing> listing() const { return listing_; }
  bool reachable() const;
  /// For people and models: "connected (2025-11-25, fs 1.0)", "not reachable: its program exited with code
  /// 1".
  std::string state() const;
  /// Called when the listing has become another one.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

  /// Carries out a request: waits for the server where it is away, ends after `idle` without an answer or
  /// progress (0: bounds::kIdle), on the context's stop and at its deadline. Progress becomes `tool.progress`
  /// events. What is a secret of the settings is masked in what comes. Errors: unavailable (it was certainly
  /// not carried out: not reachable, with the reason, or the server has no time), network, protocol and
  /// timeout (whether it was carried out is not known), cancelled, tool (the server's own).
  Task<Result<Json>> request(Request request, Milliseconds idle, CallContext& context);
  /// The same for a list of all pages (Session::collect).
  Task<Result<Json>> collect(std::string method, std::string key, CallContext& context);

 private:
  struct Link;
  struct Waiting;
  using Begin = std::function<Result<CallId>(Session&)>;

  Task<> live();
  Task<> connect();
  Task<bool> open(Link& link);
  Task<> list_tools(std::shared_ptr<Link> link);
  Task<> relist(std::shared_ptr<Link> link);
  void hear_changes(Link& link);
  Task<> hear_again(std::shared_ptr<Link> link);
  void take_listing(const Json& items, const Link& link);
  void down(std::string why, bool was_up = false);
  void lose(const std::shared_ptr<Link>& link, Error why);
  Task<Result<>> until_ready(CallContext& context);
  Task<Result<Json>> carry_out(Begin begin, Milliseconds idle, CallContext& context);
  Task<Result<Json>> wait_for(std::shared_ptr<Link> link, CallId call, Milliseconds idle,
                              CallContext* context, bool& resend);
  Error told(Error error, bool sent) const;

  void perform(const std::shared_ptr<Link>& link);
  void perform(const std::shared_ptr<Link>& link, Action action);
  void on_message(std::string_view text) override;
  void on_refused(CallId call, int status, std::string body) override;
  void on_unanswered(CallId call, Error why) override;
  void on_unsent(CallId call, Error why) override;
  void on_session_gone(CallId call) override;
  void on_lost(Error why) override;
  bool waits_for(CallId call) const override;

  ServerServices services_;
  Loop& loop_;
  const ServerSettings settings_;
  Nursery nursery_;
  Stop closing_;
  std::shared_ptr<Link> link_;  ///< null: none now
  std::optional<Era> era_;      ///< that the server was found to belong to
  Secrets secrets_;             ///< that errors are not to hold: all that it was given
  Secrets hidden_;              ///< that nobody is to read of what it says
  std::shared_ptr<const Listing> listing_;
  Json listed_;  ///< the items that listing_ was made of
  std::string why_down_ = "it is being started";
  Stop* pause_ = nullptr;  ///< before the next attempt, which begins when it is requested
  bool tried_ = false;
  bool told_down_ = false;  ///< the log has that it is not reachable
  std::list<OneShot<bool>*> waiters_;
  std::function<void()> changed_;
};

}  // namespace troupe::tools::mcp

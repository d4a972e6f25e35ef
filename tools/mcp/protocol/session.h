#pragma once

#include "tools/mcp/protocol/action.h"
#include "tools/mcp/protocol/json_rpc.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::tools::mcp {

/// Which way of speaking is used: `legacy` opens with `initialize` (2024-11-05 to 2025-11-25), `modern` says
/// with every request who asks and in which version (2026-07-28).
enum class Era { legacy, modern };

inline constexpr std::string_view kLegacyVersion = "2025-11-25";
inline constexpr std::string_view kModernVersion = "2026-07-28";

struct SessionSettings {
  std::string client_name = "troupe";
  std::string client_version = "0";
  std::optional<Era> era;           ///< none: what the server speaks is found out
  bool cancels_by_closing = false;  ///< the transport ends a modern call by closing its stream (HTTP)
  bool elicits = false;             ///< forms are answered with their defaults; else a server is not to ask
};

/// A request to a server.
struct Request {
  std::string method;
  Json params = Json::object();
  std::string name{};                                          ///< see Send
  std::vector<std::pair<std::string, std::string>> headers{};  ///< see Send::params
  bool progress = false;                                       ///< progress of it is welcome
};

/// The client's side of one connection with an MCP server, without any input or output of its own: messages
/// of the server go in, and take() gives what is to be done about them, in order. Finds out which era the
/// server belongs to, opens the connection, gives requests their numbers and finds the answers in whatever
/// order they come, collects lists over their pages, answers what a server asks (ping and, where wanted,
/// forms; the rest is refused) and the questions within a modern call (SEP-2322).
///
/// Time is somebody else's: overdue() says that the opening took too long. Whatever a server sends is bounded
/// (bounds.h) and never an error of the caller's. A value of one thread.
class Session {
 public:
  explicit Session(SessionSettings settings) : settings_(std::move(settings)) {}

  /// Begins. Once.
  void open();
  /// The server has not answered the opening. Where that may be because it does not know the modern era, the
  /// legacy way is tried; else the session fails.
  void overdue();

  /// Sends a request; its Answer comes later. Errors: unavailable (not open), busy (bounds::kPending).
  Result<CallId> call(Request request);
  /// Sends `method` for each page of a list; the Answer has all of `key` as `items`, and `cut` when it was
  /// too long. Errors: as call().
  Result<CallId> collect(std::string method, std::string key);
  /// Nobody wants the answer any more; none comes. Unknown ids are those that ended meanwhile.
  void cancel(CallId call, std::string_view why);

  /// One message of the server, or a batch.
  void receive(std::string_view text);
  /// The transport was told by HTTP that a message is not taken.
  void refused(CallId call, int status, std::string_view body);
  /// The transport knows that no answer to a call will come.
  void unanswered(CallId call, Error why);
  /// No answer will come to anything.
  void lost(const Error& why);

  /// What is to be done, in order. Empty when nothing is.
  std::vector<Action> take() { return std::exchange(actions_, {}); }

  bool is_open() const { return state_ == State::open; }
  bool waits_for(CallId call) const;
  Era era() const { return era_; }
  const std::string& version() const { return version_; }
  const Json& capabilities() const { return capabilities_; }       ///< of the server; an object
  const std::string& server_name() const { return server_name_; }  ///< and version, as it says; untrusted

 private:
  enum class State { idle, discovering, initializing, open, ended };
  enum class Kind { discover, initialize, call, collect };
  struct Pending {
    Kind kind;
    CallId call;
    Request request;
    double progress = -1;
    int rounds = 0;   ///< of questions within the call
    std::string key;  ///< collect
    Json items = Json::array();
    std::size_t pages = 0;
    std::string cursor;
  };
  using PendingMap = std::map<std::int64_t, Pending>;

  // Opening (session_opening.cpp)
  void send_discover(std::string version);
  void send_initialize();
  void opened_modern(const Json& result);
  void opened_legacy(const Json& result);
  void not_discovered(const RpcError& error);
  void fall_back(std::string_view why);
  void end(Error why);
  Json client_capabilities() const;
  Json client_info() const;
  void note_server(const Json& result);

  Result<CallId> admit(Pending pending);
  void send(Pending pending);

  // What comes (session_incoming.cpp)
  void dispatch(Incoming message);
  void on_request(const Incoming& message);
  void on_notification(const Incoming& message);
  void on_progress(const Json& params);
  void on_result(Pending pending, Json result);
  void on_error(Pending pending, const RpcError& error, int status);
  void on_page(Pending pending, Json result);
  void on_input_required(Pending pending, const Json& result);

  void reply(std::string text);
  void answer(CallId call, Result<Json> result);
  void remark(std::string text, bool warning = false);
  PendingMap::iterator by_call(CallId call);

  SessionSettings settings_;
  State state_ = State::idle;
  Era era_ = Era::legacy;
  std::string version_;
  Json capabilities_ = Json::object();
  std::string server_name_;
  std::int64_t last_id_ = 0;
  CallId last_call_ = 0;
  bool version_retried_ = false;
  std::size_t unreadable_ = 0;
  PendingMap pending_;
  std::vector<Action> actions_;
};

}  // namespace troupe::tools::mcp

#pragma once

#include "agents/runs/run_desk.h"
#include "runtime/async/loop.h"
#include "runtime/async/task.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::app {

/// A message to send, as /v1/chat takes it.
struct Outgoing {
  std::string id;
  std::string text;
  Json inputs = Json::object();
  std::string target = {};  ///< "": whom the session was opened with
};

/// A call that waits for a person.
struct Approval {
  std::string session;
  std::string run;
  std::string call;
  std::string tool;
  Json input;
  std::string question = {};  ///< what the person is to answer; "": whether the call may be made
  std::string reason = {};    ///< not "": it may have been made before, so that it cannot be changed
};
/// Of an event approval.required, or an entry of `waiting`. `session`: where neither names it.
Approval approval_of(const Json& json, const std::string& session = "");

/// What a person said about one.
struct Answer {
  bool approve = false;
  std::optional<Json> input;  ///< instead of the model's
  std::string reason;         ///< of a denial
};

/// The other end of a conversation: a daemon over WebSocket, or the run desk in this process. `ask`, `chat`
/// and `runs watch` talk to both alike. One session at a time; loop thread only.
class Peer {
 public:
  virtual ~Peer() = default;
  /// Opens a session ("" = a new one) and returns its id. With `after`, what is journaled after it comes
  /// first.
  virtual Task<Result<std::string>> open(std::string session, std::string target,
                                         std::optional<std::int64_t> after) = 0;
  /// Sends a message; returns the run it started, or the one it had started before.
  virtual Task<Result<std::string>> send(Outgoing message) = 0;
  /// Goes on with a run as a new one; what it does is heard once the session it is in is opened. Errors:
  /// those of RunDesk::fork.
  virtual Task<Result<agents::Forked>> fork(agents::ForkOrder order) = 0;
  /// Asks a run to stop; its run.finished comes through next().
  virtual Task<Result<>> cancel(std::string run, agents::CancelMode mode) = 0;
  /// The calls that waited when the session was opened.
  virtual std::vector<Approval> waiting() const = 0;
  /// Decides about a call; somebody must be in next() meanwhile. Errors: conflict (decided already), invalid
  /// (an input that does not fit: the call goes on waiting), not_found.
  virtual Task<Result<>> decide(Approval approval, Answer answer) = 0;
  /// Returns once every decide() has its answer, for who is not in next() any more. Events that come
  /// meanwhile are kept for it.
  virtual Task<> settle() = 0;
  /// The next event of the session as JSON text. Errors: network (the daemon went away), cancelled (`stop`).
  virtual Task<Result<std::string>> next(Stop& stop) = 0;
};

std::unique_ptr<Peer> make_local_peer(Loop& loop, agents::RunDesk& desk, Principal principal);

struct RemoteSettings {
  std::string url;    ///< http(s):// or ws(s)://HOST:PORT
  std::string token;  ///< bearer token, or ""
  std::string ca_file;
};
/// Connects on the first call.
std::unique_ptr<Peer> make_remote_peer(Loop& loop, RemoteSettings settings);

}  // namespace troupe::app

#pragma once

#include "gateway/protocol/client_frame.h"
#include "gateway/protocol/outbox.h"
#include "gateway/protocol/session_feed.h"
#include "runtime/base/clock.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::gateway {

/// One /v1/chat connection without its socket: frames in, commands to perform out, and what came of them in
/// again; everything the client is to be sent goes to the outbox. What it answers:
///   open     session.opened, then ack when the frame has an id; then what the session has to say
///   message  ack, before the first event of its run on this connection
///   cancel, approve, deny   ack when the frame has an id
///   ping     pong, then ack when the frame has an id
/// or one error. Pure; loop thread.
class ChatProtocol {
 public:
  ChatProtocol(const Clock& clock, Outbox& outbox, std::size_t sessions_max)
      : clock_(clock), outbox_(outbox), sessions_max_(sessions_max) {}

  /// A text frame. Returns the command to perform (open, message, cancel, approve or deny, in the order they
  /// came), or nothing when all is said already.
  std::optional<ClientFrame> on_text(std::string_view text);
  void on_binary();
  /// A command that cannot be performed now, because too many wait.
  void refuse_busy(const ClientFrame& frame);

  // Open: may_open, then (subscribe and) open the session, then exactly one of the others.
  /// False: refused, and the client was told.
  bool may_open(const OpenFrame& frame);
  /// The feed of a session that is being opened, or is open.
  SessionFeed& feed(const std::string& session);
  bool is_open(const std::string& session) const;
  /// `waiting`: its calls that wait for a person.
  void opened(const OpenFrame& frame, const store::SessionRow& session, std::int64_t oldest_seq,
              const std::vector<agents::PendingApproval>& waiting = {});
  void not_opened(const OpenFrame& frame, const Error& error);

  // Message: addressed_session, then submit, then submitted. Decision: the same with decide, decided.
  /// The session a frame is for; nothing when the client was told why not.
  template <class AnyFrame>
  std::optional<std::string> addressed_session(const AnyFrame& frame) {
    return addressed(frame.id, frame.session);
  }
  void submitted(const MessageFrame& frame, const std::string& session,
                 const Result<agents::Accepted>& accepted);

  void cancelled(const CancelFrame& frame, const Result<>& taken);
  void decided(const DecisionFrame& frame, const Result<>& taken);

  /// True when the client reads too slowly to be served any longer.
  bool overflowed() const { return overflowed_; }

 private:
  std::optional<std::string> addressed(const std::string& id, const std::string& session);
  void send(std::string frame);
  void refuse(std::string ref, std::string code, std::string message);
  void refuse(std::string ref, const Error& error);
  void forget(const std::string& session);

  const Clock& clock_;
  Outbox& outbox_;
  const std::size_t sessions_max_;
  struct Session {
    SessionFeed feed;
    bool open = false;  // false: being opened
  };
  std::map<std::string, Session> sessions_;
  std::size_t open_ = 0;
  bool overflowed_ = false;
};

}  // namespace troupe::gateway

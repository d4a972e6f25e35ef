#include "gateway/protocol/chat_protocol.h"

#include "gateway/protocol/server_frame.h"

#include <fmt/format.h>

namespace troupe::gateway {

void ChatProtocol::send(std::string frame) {
  if (!outbox_.put(std::move(frame))) overflowed_ = true;
}

void ChatProtocol::refuse(std::string ref, std::string code, std::string message) {
  const FrameError error{std::move(ref), std::move(code), std::move(message), false, 0};
  send(error_frame(error, clock_.wall_ms()));
}

void ChatProtocol::refuse(std::string ref, const Error& error) {
  const FrameError said{std::move(ref), std::string(word(error.code)), error.message, error.retryable, 0};
  send(error_frame(said, clock_.wall_ms()));
}

std::optional<ClientFrame> ChatProtocol::on_text(std::string_view text) {
  auto frame = parse_client_frame(text);
  if (!frame) {
    send(error_frame(frame.error(), clock_.wall_ms()));
  } else if (auto* ping = std::get_if<PingFrame>(&*frame)) {
    send(pong_frame(ping->id, clock_.wall_ms()));
    if (!ping->id.empty()) send(ack_frame(ping->id, "", "", false, clock_.wall_ms()));
  } else {
    return std::move(*frame);
  }
  return std::nullopt;
}

void ChatProtocol::on_binary() {
  refuse("", "binary_frame", "frames are JSON text; a binary frame is not read");
}

void ChatProtocol::refuse_busy(const ClientFrame& frame) {
  Error busy{ErrorCode::busy, "too many frames of this connection wait for their turn; try again", true};
  refuse(std::visit([](const auto& any) { return any.id; }, frame), busy);
}

bool ChatProtocol::is_open(const std::string& session) const {
  auto it = sessions_.find(session);
  return it != sessions_.end() && it->second.open;
}

bool ChatProtocol::may_open(const OpenFrame& frame) {
  if (frame.session.empty() && frame.after.value_or(0) > 0) {
    refuse(frame.id, "bad_after", "`after` needs the `session` that it belongs to; a new one has no events");
    return false;
  }
  if (open_ < sessions_max_ || is_open(frame.session)) return true;
  refuse(frame.id, "too_many_sessions", fmt::format("a connection may have {} sessions open", sessions_max_));
  return false;
}

SessionFeed& ChatProtocol::feed(const std::string& session) {
  auto it = sessions_.find(session);
  if (it == sessions_.end()) {
    const auto forward = [this](const Frame& frame) {
      if (!outbox_.put(frame)) overflowed_ = true;
    };
    it = sessions_.emplace(session, Session{SessionFeed(forward), false}).first;
  }
  return it->second.feed;
}

void ChatProtocol::opened(const OpenFrame& frame, const store::SessionRow& session, std::int64_t oldest_seq,
                          const std::vector<agents::PendingApproval>& waiting) {
  const std::int64_t after = frame.after.value_or(0);
  FrameError wrong{frame.id, "", "", false, 0};
  if (frame.after && after > session.last_seq) {
    wrong.code = "bad_after";
    wrong.message = fmt::format("`after` is {}, but the last seq of session {} is {}", after, session.id,
                                session.last_seq);
  } else if (frame.after && oldest_seq > after + 1) {
    wrong.code = "gone";
    wrong.message =
        fmt::format("the events after {} are no longer kept; the oldest is {}", after, oldest_seq);
    wrong.oldest_seq = oldest_seq;
  }
  if (!wrong.code.empty()) {
    forget(session.id);
    return send(error_frame(wrong, clock_.wall_ms()));
  }
  send(opened_frame(session, !frame.session.empty(), waiting, clock_.wall_ms()));
  if (!frame.id.empty()) send(ack_frame(frame.id, session.id, "", false, clock_.wall_ms()));
  SessionFeed& opening = feed(session.id);
  Session& entry = sessions_.at(session.id);
  if (!entry.open) ++open_;
  entry.open = true;
  if (frame.after)
    opening.replay_from(after);
  else
    opening.live_from(session.last_seq);
}

void ChatProtocol::not_opened(const OpenFrame& frame, const Error& error) {
  forget(frame.session);
  refuse(frame.id, error);
}

// Not one that was open before it was opened again.
void ChatProtocol::forget(const std::string& session) {
  if (!is_open(session)) sessions_.erase(session);
}

std::optional<std::string> ChatProtocol::addressed(const std::string& id, const std::string& session) {
  if (!session.empty()) {
    if (is_open(session)) return session;
    refuse(id, "not_open", fmt::format("session {} is not open on this connection; open it first", session));
  } else if (open_ == 0) {
    refuse(id, "not_open", "no session is open on this connection; send `open` first");
  } else if (open_ > 1) {
    refuse(id, "session_required", "several sessions are open on this connection; name one in `session`");
  } else {
    for (const auto& [name, known] : sessions_)
      if (known.open) return name;
  }
  return std::nullopt;
}

void ChatProtocol::submitted(const MessageFrame& frame, const std::string& session,
                             const Result<agents::Accepted>& accepted) {
  SessionFeed& tail = feed(session);
  if (!accepted) {
    refuse(frame.id, accepted.error());
  } else {
    send(ack_frame(frame.id, session, accepted->run, accepted->duplicate, clock_.wall_ms()));
    if (accepted->duplicate) tail.show_again(accepted->run, accepted->first_seq);
  }
  tail.run_announced();
}

void ChatProtocol::cancelled(const CancelFrame& frame, const Result<>& taken) {
  if (!taken)
    refuse(frame.id, taken.error());
  else if (!frame.id.empty())
    send(ack_frame(frame.id, "", frame.run, false, clock_.wall_ms()));
}

void ChatProtocol::decided(const DecisionFrame& frame, const Result<>& taken) {
  if (!taken && taken.error().code == ErrorCode::conflict)
    refuse(frame.id, "already_decided", taken.error().message);
  else if (!taken)
    refuse(frame.id, taken.error());
  else if (!frame.id.empty())
    send(ack_frame(frame.id, frame.session, "", false, clock_.wall_ms()));
}

}  // namespace troupe::gateway

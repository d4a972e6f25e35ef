#pragma once

#include "agents/runs/run_desk.h"
#include "gateway/protocol/chat_protocol.h"
#include "runtime/async/loop.h"
#include "runtime/async/mailbox.h"
#include "runtime/async/nursery.h"
#include "runtime/async/one_shot.h"
#include "runtime/base/context.h"
#include "runtime/net/ws_connection.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe::gateway {

struct ChatSettings {
  std::size_t sessions_max = limits::kSessionsPerConnection;
  OutboxLimits outbox{limits::kOutboxBytes, limits::kOutboxDeltaBytes};
  std::chrono::milliseconds close_timeout = limits::kCloseTimeout;  ///< for a slow reader's last frames
};

/// The shell around ChatProtocol: reads frames, performs commands through the RunDesk one after the other,
/// feeds sessions from the journal, and writes what the outbox holds. Lives inside run(). Loop thread only.
class ChatConnection {
 public:
  ChatConnection(Loop& loop, agents::RunDesk& desk, net::WsConnection& socket, Principal principal,
                 ChatSettings settings);

  /// Serves until the peer goes, is closed (1013 too slow, 1011 the journal failed), or `drain` is requested
  /// (1001). Commands that were received whole are still performed.
  Task<> run(Stop& drain);

 private:
  // One session as this connection follows it.
  class Tail final : public store::Subscriber {
   public:
    Tail(ChatConnection& owner, std::string session);
    void on_frame(const Frame& frame) override { owner_.on_live(session_, frame); }
    bool pumping = false;

   private:
    ChatConnection& owner_;
    const std::string session_;
    std::unique_ptr<store::Journal::Subscription> subscription_;
  };

  Task<> read_frames();
  Task<> perform_commands();
  Task<> perform(OpenFrame frame);
  Task<> perform(MessageFrame frame);
  Task<> perform(CancelFrame frame);
  Task<> perform(DecisionFrame frame);
  Task<std::int64_t> oldest_after(std::string session, std::int64_t after);
  Task<> write_frames();
  Task<> pump(std::string session);
  Task<bool> pump_page(std::string session, SessionFeed::Page page);
  Task<> room();

  void follow(const std::string& session);
  void on_live(const std::string& session, const Frame& frame);
  void tend(const std::string& session);  // starts what the feed wants read
  void flush();                           // something may be in the outbox
  void begin_close(std::uint16_t code, std::string reason);
  bool over() const { return gone_ || close_code_ != 0; }

  Loop& loop_;
  agents::RunDesk& desk_;
  net::WsConnection& socket_;
  const Principal principal_;
  const ChatSettings settings_;
  Outbox outbox_;
  ChatProtocol protocol_;
  Mailbox<ClientFrame> commands_;
  Stop never_;
  Nursery nursery_;
  std::map<std::string, std::unique_ptr<Tail>> tails_;
  OneShot<bool>* writer_ = nullptr;           // set while the writer waits
  std::vector<OneShot<bool>*> room_waiters_;  // replays that wait for the client to read
  bool gone_ = false;                         // the socket is of no more use
  std::uint16_t close_code_ = 0;              // what we are closing with
  std::string close_reason_;
  Loop::Alarm close_alarm_;
};

}  // namespace troupe::gateway

#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/bus/local_mailbox.h"
#include "runtime/bus/room_state.h"
#include "runtime/store/journal.h"

#include <map>
#include <memory>
#include <string>

namespace troupe::bus {

/// A room that somebody is in: its open mailboxes, those who wait for something to become of a message, and
/// what is written when one dies. Shared by its bus, its inboxes and whoever is sending in it. Loop thread
/// only.
class LocalRoom {
 public:
  LocalRoom(Loop& loop, store::Journal& journal, Room room, RoomState state)
      : loop_(loop), journal_(journal), room_(std::move(room)), state_(std::move(state)) {}

  const Room& room() const { return room_; }
  RoomState& state() { return state_; }
  bool left() const { return left_; }
  /// Left for good: no other process takes it up.
  bool ended() const { return ended_; }

  /// Opens the mailbox of an address and puts into it what was parked. Errors: conflict, busy, invalid.
  Result<std::shared_ptr<LocalMailbox>> open(const std::string& address, MailboxSettings settings);
  /// Null: it is not open.
  std::shared_ptr<LocalMailbox> mailbox(const std::string& address) const;
  /// What is left in it waits for whoever opens it next.
  void close(const std::string& address, LocalMailbox& mailbox);
  /// Puts a committed message into its place. Where the mailbox was closed meanwhile it is parked; where the
  /// room has ended, it is dead.
  void deliver(const std::string& address, LocalMailbox& mailbox, MailboxState::Place place,
               const MessagePtr& message);

  /// Closes all. When the room `ended`, what waits is added to `append` as dead letters.
  void leave(bool ended, store::Append& append);

  /// A receiver will not get the message: adds the letter and the fact. Nothing when it is through with it.
  void kill(store::Append& append, const std::string& to, const Message& message, DeadReason reason,
            std::string detail);
  /// One that could not be sent at all: adds the letter.
  void refuse(store::Append& append, const Message& message, DeadReason reason, std::string detail);
  /// A receiver is through with the message.
  void done(const std::string& to, const std::string& id);

  /// Waits until something became of the message `id`, the room was left, the deadline (wall time; 0: none)
  /// passed, or `stop` came: who waits looks himself.
  Task<> change_of(std::string id, std::int64_t deadline_ms, Stop& stop);
  void changed(const std::string& id);

 private:
  using Waiting = std::multimap<std::string, OneShot<bool>*>;

  void post(store::Append append);

  Loop& loop_;
  store::Journal& journal_;
  const Room room_;
  RoomState state_;
  std::map<std::string, std::shared_ptr<LocalMailbox>> mailboxes_;
  Waiting waiting_;  // for what becomes of a message, by its id
  bool left_ = false;
  bool ended_ = false;
};

}  // namespace troupe::bus

#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/bus/mailbox_state.h"

#include <functional>
#include <list>
#include <string>
#include <vector>

namespace troupe::bus {

/// A mailbox and those who wait at it: one who receives, and senders who wait for room, first come first
/// served. Loop thread only; whoever is in one of its coroutines keeps it alive.
class LocalMailbox {
 public:
  /// Is told of messages that were taken out before anybody received them, and why; on the stack of who
  /// sends or receives, and from the loop.
  using Lost = std::function<void(std::vector<MessagePtr>, DeadReason)>;

  LocalMailbox(Loop& loop, MailboxSettings settings, Lost lost);

  /// A place for a message; where there is none, as the settings say. Errors: busy, timeout (its deadline
  /// passed), cancelled, not_found (it was closed).
  Task<Result<MailboxState::Place>> place(MessagePtr message, Stop& stop);
  void deliver(MailboxState::Place place);
  void give_back(MailboxState::Place place);
  /// What had a place before this mailbox was made.
  void deliver_again(MessagePtr message);

  /// Errors: cancelled (also when it was closed).
  Task<Result<MessagePtr>> receive(Stop& stop);

  /// Those that lie apart, see MailboxSettings.
  std::vector<MessagePtr> notes();
  /// One of them makes room. Nothing happens where none of this id lies there.
  void remove_note(const std::string& id);

  /// Nothing comes or goes any more. Returns what is left.
  std::vector<MessagePtr> close();
  bool closed() const { return closed_; }
  std::size_t waiting() const { return state_.waiting(); }

 private:
  enum class Wait { none, placed, stopped, expired, closed };
  struct Sender {
    MessagePtr message;
    OneShot<Wait> end;
    MailboxState::Place place = 0;
  };

  Task<Result<MailboxState::Place>> wait_for_room(MessagePtr message, Stop& stop);
  void let_in();
  void expire();
  void arm();

  Loop& loop_;
  MailboxState state_;
  Lost lost_;
  std::list<Sender*> senders_;
  OneShot<bool>* receiver_ = nullptr;  // set while somebody receives
  Loop::Alarm alarm_;
  std::int64_t armed_for_ = 0;  // wall time; 0: it is not
  bool closed_ = false;
};

}  // namespace troupe::bus

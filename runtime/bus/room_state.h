#pragma once

#include "runtime/base/result.h"
#include "runtime/bus/bus.h"
#include "runtime/bus/mailbox_state.h"
#include "runtime/bus/message_event.h"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::bus {

/// What a room knows of the messages in it: which ids were sent, who still has to work on them, what was
/// replied, who is interested in what. Made anew from the journal it is the same. Without I/O and without
/// anybody who waits. Not thread-safe.
class RoomState {
 public:
  /// One receiver's copy of a message.
  struct Delivery {
    std::string to;
    MessagePtr message;
  };

  /// A message is being sent to these; commit() or abort() ends that. Its id is nobody's yet.
  void begin(MessagePtr message, const std::vector<std::string>& receivers);
  /// It is in the journal.
  void commit(const std::string& id);
  void abort(const std::string& id);
  bool sending(const std::string& id) const;

  /// It was sent, in this process or an earlier one.
  bool knows(const std::string& id) const;
  /// A receiver still has to take it or to work on it.
  bool pending(const std::string& id, const std::string& to) const;
  /// A receiver is through with it. False: it was not pending there, so nothing changes.
  bool done(const Done& done);
  /// The task is done with. The first reply is the reply.
  void replied(MessagePtr reply);
  MessagePtr reply_to(const std::string& id) const;
  /// Why nobody will reply: no receiver got the message. Nothing: somebody may.
  std::optional<DeadReason> died(const std::string& id) const;

  /// Keeps deliveries for whoever opens their mailbox next.
  void park(Delivery delivery);
  /// Takes them out, in the order in which they were sent.
  std::vector<MessagePtr> unpark(const std::string& address);
  std::vector<Delivery> unpark_all();

  /// Errors: busy (limits::kBusSubscriptions).
  Result<> subscribe(const std::string& address, Subscription subscription);
  void unsubscribe(const std::string& address);
  /// Each address once, in their own order.
  std::vector<std::string> subscribers(const std::string& type) const;

  /// Messages that were sent, or are being sent.
  std::size_t messages() const { return known_.size(); }
  /// Bytes of those that somebody still has to work on, and of replies.
  std::size_t held_bytes() const { return held_; }

 private:
  struct Known {
    MessagePtr message;  // while it is held
    std::vector<std::string> pending;
    MessagePtr reply;
    std::optional<DeadReason> dead;  // of the last that did not get it
    bool committed = false;
    bool received = false;  // by anybody
  };

  void let_go(Known& known);

  std::unordered_map<std::string, Known> known_;
  std::map<std::string, std::vector<MessagePtr>> parked_;
  std::vector<std::pair<std::string, Subscription>> subscriptions_;
  std::size_t held_ = 0;
};

/// What a room was when its last process ended: what nobody was done with is parked. Errors: invalid (an
/// event or a fact of the bus that cannot be read).
Result<RoomState> restore(const Room& room, const std::vector<Frame>& events,
                          const std::vector<store::Fact>& facts);

}  // namespace troupe::bus

#pragma once

#include "runtime/bus/bus.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe::bus {

/// A message as the mailboxes it is in and its room share it.
using MessagePtr = std::shared_ptr<const Message>;

/// The order and the bounds of one mailbox, without anybody who waits. A message takes a place before it is
/// committed, and can be taken once it is ready: so what one sender sends stays in the order in which its
/// places were taken, however long each commit lasts. Not thread-safe.
class MailboxState {
 public:
  using Place = std::uint64_t;

  explicit MailboxState(MailboxSettings settings) : settings_(settings) {}

  const MailboxSettings& settings() const { return settings_; }
  /// Those of kind control have room always, and so have all where the oldest makes way.
  bool has_room(Kind kind) const;
  /// Takes a place, also in a full mailbox: who asks has seen has_room(), or delivers again what had a place
  /// in an earlier process.
  Place take_place(MessagePtr message);
  /// The message can be taken now. False: it has no place any more.
  bool ready(Place place);
  /// The place is free again.
  void give_back(Place place);

  /// Where the oldest makes way, takes out the one that has waited longest while more are ready than the
  /// mailbox holds; null: they are not.
  MessagePtr drop_overflow();
  /// The next one: of kind control first, else in order; never before one of the same sender that is not
  /// ready. Null: none is.
  MessagePtr take();
  /// Those that lie apart, in order; never one behind another of the same sender that is not ready.
  std::vector<MessagePtr> notes() const;
  /// False: none of this id lies there.
  bool remove_note(std::string_view id);
  /// Takes out what is no use any more.
  std::vector<MessagePtr> take_expired(std::int64_t wall_ms);
  /// Takes out all that is ready, in order; other places are free.
  std::vector<MessagePtr> take_all();

  /// When the next of those that are ready expires; nothing: none does.
  std::optional<std::int64_t> next_deadline() const;
  /// Those that are ready.
  std::size_t waiting() const { return ready_; }

 private:
  struct Slot {
    Place place;
    MessagePtr message;
    bool ready = false;
  };
  using Slots = std::deque<Slot>;

  Slots& slots_of(Kind kind) {
    if (kind == Kind::control) return control_;
    return apart(kind) ? notes_ : usual_;
  }
  bool apart(Kind kind) const { return kind == Kind::note && settings_.notes_apart; }
  MessagePtr take_from(Slots& slots);
  MessagePtr drop_oldest_of(Slots& slots);
  bool find(Place place, Slots*& slots, Slots::iterator& slot);
  MessagePtr erase(Slots& slots, Slots::iterator slot);

  MailboxSettings settings_;
  Slots control_;
  Slots usual_;
  Slots notes_;  // where they lie apart
  Place last_ = 0;
  std::size_t ready_ = 0;
};

}  // namespace troupe::bus

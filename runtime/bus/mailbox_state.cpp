#include "runtime/bus/mailbox_state.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace troupe::bus {

bool MailboxState::has_room(Kind kind) const {
  return kind == Kind::control || settings_.when_full == WhenFull::drop_oldest ||
         (apart(kind) ? notes_ : usual_).size() < settings_.capacity;
}

MailboxState::Place MailboxState::take_place(MessagePtr message) {
  Slots& slots = slots_of(message->kind);
  slots.push_back({++last_, std::move(message)});
  return last_;
}

bool MailboxState::find(Place place, Slots*& slots, Slots::iterator& slot) {
  for (Slots* each : {&usual_, &notes_, &control_}) {
    slot = std::ranges::lower_bound(*each, place, {}, &Slot::place);
    slots = each;
    if (slot != each->end() && slot->place == place) return true;
  }
  return false;
}

MessagePtr MailboxState::erase(Slots& slots, Slots::iterator slot) {
  MessagePtr message = std::move(slot->message);
  if (slot->ready) --ready_;
  slots.erase(slot);
  return message;
}

bool MailboxState::ready(Place place) {
  Slots* slots = nullptr;
  Slots::iterator slot;
  if (!find(place, slots, slot)) return false;
  if (!std::exchange(slot->ready, true)) ++ready_;
  return true;
}

void MailboxState::give_back(Place place) {
  Slots* slots = nullptr;
  Slots::iterator slot;
  if (find(place, slots, slot)) erase(*slots, slot);
}

MessagePtr MailboxState::drop_overflow() {
  if (settings_.when_full != WhenFull::drop_oldest) return nullptr;
  MessagePtr oldest = drop_oldest_of(usual_);
  return oldest ? oldest : drop_oldest_of(notes_);
}

MessagePtr MailboxState::drop_oldest_of(Slots& slots) {
  if (slots.size() <= settings_.capacity) return nullptr;
  if (std::ranges::count(slots, true, &Slot::ready) <= std::ptrdiff_t(settings_.capacity)) return nullptr;
  return erase(slots, std::ranges::find(slots, true, &Slot::ready));
}

MessagePtr MailboxState::take() {
  if (MessagePtr urgent = take_from(control_)) return urgent;
  return take_from(usual_);
}

MessagePtr MailboxState::take_from(Slots& slots) {
  std::set<std::string_view> held_up;  // senders
  for (auto slot = slots.begin(); slot != slots.end(); ++slot) {
    if (!slot->ready)
      held_up.insert(slot->message->from);
    else if (!held_up.contains(slot->message->from))
      return erase(slots, slot);
  }
  return nullptr;
}

std::vector<MessagePtr> MailboxState::notes() const {
  std::vector<MessagePtr> lying;
  std::set<std::string_view> held_up;  // senders
  for (const Slot& slot : notes_) {
    if (!slot.ready)
      held_up.insert(slot.message->from);
    else if (!held_up.contains(slot.message->from))
      lying.push_back(slot.message);
  }
  return lying;
}

bool MailboxState::remove_note(std::string_view id) {
  const auto slot =
      std::ranges::find_if(notes_, [id](const Slot& one) { return one.ready && one.message->id == id; });
  if (slot == notes_.end()) return false;
  erase(notes_, slot);
  return true;
}

std::vector<MessagePtr> MailboxState::take_expired(std::int64_t wall_ms) {
  std::vector<MessagePtr> expired;
  for (Slots* slots : {&control_, &notes_, &usual_}) {
    for (auto slot = slots->begin(); slot != slots->end();) {
      const bool late =
          slot->ready && slot->message->deadline_ms != 0 && slot->message->deadline_ms <= wall_ms;
      if (!late) {
        ++slot;
        continue;
      }
      const auto at = slot - slots->begin();
      expired.push_back(erase(*slots, slot));
      slot = slots->begin() + at;
    }
  }
  return expired;
}

std::vector<MessagePtr> MailboxState::take_all() {
  std::vector<MessagePtr> all;
  for (Slots* slots : {&control_, &notes_, &usual_}) {
    for (Slot& slot : *slots)
      if (slot.ready) all.push_back(std::move(slot.message));
    slots->clear();
  }
  ready_ = 0;
  return all;
}

std::optional<std::int64_t> MailboxState::next_deadline() const {
  std::optional<std::int64_t> next;
  for (const Slots* slots : {&control_, &notes_, &usual_})
    for (const Slot& slot : *slots)
      if (slot.ready && slot.message->deadline_ms != 0)
        next = std::min(next.value_or(slot.message->deadline_ms), slot.message->deadline_ms);
  return next;
}

}  // namespace troupe::bus

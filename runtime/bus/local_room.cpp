#include "runtime/bus/local_room.h"

#include "runtime/bus/dead_letter_row.h"
#include "runtime/bus/limits.h"
#include "runtime/bus/wall_alarm.h"
#include "runtime/telemetry/log.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::bus {

namespace {

constexpr char kTooLate[] = "its deadline passed while it waited in the mailbox";
constexpr char kDropped[] = "a newer one took its place in a full mailbox";
constexpr char kEnded[] = "the run ended before it was taken";

}  // namespace

Result<std::shared_ptr<LocalMailbox>> LocalRoom::open(const std::string& address, MailboxSettings settings) {
  if (address.empty() || address.size() > limits::kBusAddressBytes)
    return fail(ErrorCode::invalid,
                fmt::format("an address has 1 to {} bytes, `{}` has {}", limits::kBusAddressBytes,
                            address.substr(0, 64), address.size()));
  if (mailboxes_.contains(address))
    return fail(ErrorCode::conflict, fmt::format("the mailbox of `{}` is open already", address));
  if (mailboxes_.size() >= limits::kBusInboxes)
    return fail(ErrorCode::busy, fmt::format("the mailbox of `{}` cannot be opened: the room has {}, and may "
                                             "not have more",
                                             address, mailboxes_.size()));
  settings.capacity = std::max<std::size_t>(settings.capacity, 1);
  auto lost = [this, address](std::vector<MessagePtr> messages, DeadReason reason) {
    store::Append append;
    for (const MessagePtr& message : messages)
      kill(append, address, *message, reason, reason == DeadReason::expired ? kTooLate : kDropped);
    post(std::move(append));
  };
  auto mailbox = std::make_shared<LocalMailbox>(loop_, settings, std::move(lost));
  mailboxes_.emplace(address, mailbox);
  for (MessagePtr& message : state_.unpark(address))
    if (state_.pending(message->id, address)) mailbox->deliver_again(std::move(message));
  return mailbox;
}

std::shared_ptr<LocalMailbox> LocalRoom::mailbox(const std::string& address) const {
  auto found = mailboxes_.find(address);
  return found == mailboxes_.end() ? nullptr : found->second;
}

void LocalRoom::close(const std::string& address, LocalMailbox& mailbox) {
  if (mailbox.closed()) return;
  for (MessagePtr& message : mailbox.close()) state_.park({address, std::move(message)});
  state_.unsubscribe(address);
  mailboxes_.erase(address);
}

void LocalRoom::deliver(const std::string& address, LocalMailbox& mailbox, MailboxState::Place place,
                        const MessagePtr& message) {
  if (!mailbox.closed()) return mailbox.deliver(place);
  if (!left_) {
    if (state_.pending(message->id, address)) state_.park({address, message});
  } else if (ended_) {
    store::Append append;
    kill(append, address, *message, DeadReason::closed, kEnded);
    post(std::move(append));
  }
}

void LocalRoom::leave(bool ended, store::Append& append) {
  left_ = true;
  ended_ = ended;
  std::vector<RoomState::Delivery> waits = state_.unpark_all();
  for (auto& [address, mailbox] : mailboxes_)
    for (MessagePtr& message : mailbox->close()) waits.push_back({address, std::move(message)});
  mailboxes_.clear();
  if (ended)
    for (const auto& [to, message] : waits) kill(append, to, *message, DeadReason::closed, kEnded);
  for (auto& [id, waiter] : waiting_) waiter->set(true);
}

void LocalRoom::kill(store::Append& append, const std::string& to, const Message& message, DeadReason reason,
                     std::string detail) {
  const Done done{message.id, to, reason};
  if (!state_.done(done)) return;
  append.facts.push_back(fact_of(done, room_.run));
  Message copy = message;
  if (copy.to.empty()) {
    copy.to = to;
    copy.id += "@" + to;
  }
  refuse(append, copy, reason, std::move(detail));
  changed(message.id);
}

void LocalRoom::refuse(store::Append& append, const Message& message, DeadReason reason, std::string detail) {
  log::warn("a message could not be delivered", {{"run", room_.run},
                                                 {"message", message.id},
                                                 {"from", message.from},
                                                 {"to", message.to},
                                                 {"reason", word(reason)},
                                                 {"detail", detail}});
  append.dead.push_back(row_of({message, reason, std::move(detail), loop_.clock().wall_ms()}));
}

void LocalRoom::done(const std::string& to, const std::string& id) {
  const Done done{id, to, std::nullopt};
  if (!state_.done(done)) return;
  store::Append append;
  append.facts.push_back(fact_of(done, room_.run));
  post(std::move(append));
}

void LocalRoom::post(store::Append append) {
  if (!append.facts.empty() || !append.dead.empty()) journal_.post(std::move(append));
}

Task<> LocalRoom::change_of(std::string id, std::int64_t deadline_ms, Stop& stop) {
  OneShot<bool> change(loop_);
  auto entry = waiting_.emplace(std::move(id), &change);
  auto hook = stop.on_request([&change] { change.set(true); });
  Loop::Alarm alarm;
  if (deadline_ms != 0)
    alarm = loop_.at(alarm_for(loop_.clock(), deadline_ms), [&change] { change.set(true); });
  co_await change.wait();
  waiting_.erase(entry);
}

void LocalRoom::changed(const std::string& id) {
  auto [first, last] = waiting_.equal_range(id);
  for (; first != last; ++first) first->second->set(true);
}

}  // namespace troupe::bus

#include "runtime/bus/room_state.h"

#include "runtime/bus/limits.h"
#include "runtime/bus/message_check.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::bus {

void RoomState::begin(MessagePtr message, const std::vector<std::string>& receivers) {
  Known& known = known_[message->id];
  known.pending = receivers;
  if (receivers.empty() && message->kind != Kind::reply) known.dead = DeadReason::no_subscriber;
  held_ += size_of(*message);
  known.message = std::move(message);
}

void RoomState::commit(const std::string& id) {
  auto found = known_.find(id);
  if (found == known_.end()) return;
  found->second.committed = true;
  if (found->second.pending.empty()) let_go(found->second);
}

void RoomState::abort(const std::string& id) {
  auto found = known_.find(id);
  if (found == known_.end()) return;
  let_go(found->second);
  known_.erase(found);
}

void RoomState::let_go(Known& known) {
  if (!known.message) return;
  held_ -= size_of(*known.message);
  known.message = nullptr;
}

bool RoomState::sending(const std::string& id) const {
  auto found = known_.find(id);
  return found != known_.end() && !found->second.committed;
}

bool RoomState::knows(const std::string& id) const {
  auto found = known_.find(id);
  return found != known_.end() && found->second.committed;
}

bool RoomState::pending(const std::string& id, const std::string& to) const {
  auto found = known_.find(id);
  if (found == known_.end()) return false;
  const auto& receivers = found->second.pending;
  return std::ranges::find(receivers, to) != receivers.end();
}

bool RoomState::done(const Done& done) {
  auto found = known_.find(done.id);
  if (found == known_.end()) return false;
  Known& known = found->second;
  if (std::erase(known.pending, done.to) == 0) return false;
  if (done.dead)
    known.dead = done.dead;
  else
    known.received = true;
  if (known.pending.empty() && known.committed) let_go(known);
  return true;
}

void RoomState::replied(MessagePtr reply) {
  auto found = known_.find(reply->reply_to);
  if (found == known_.end() || found->second.reply) return;
  Known& known = found->second;
  known.pending.clear();
  if (known.committed) let_go(known);
  held_ += size_of(*reply);
  known.reply = std::move(reply);
}

MessagePtr RoomState::reply_to(const std::string& id) const {
  auto found = known_.find(id);
  return found == known_.end() ? nullptr : found->second.reply;
}

std::optional<DeadReason> RoomState::died(const std::string& id) const {
  auto found = known_.find(id);
  if (found == known_.end()) return std::nullopt;
  const Known& known = found->second;
  const bool over = known.committed && known.pending.empty() && !known.received && !known.reply;
  return over ? known.dead : std::nullopt;
}

void RoomState::park(Delivery delivery) {
  parked_[delivery.to].push_back(std::move(delivery.message));
}

std::vector<MessagePtr> RoomState::unpark(const std::string& address) {
  auto found = parked_.find(address);
  if (found == parked_.end()) return {};
  auto messages = std::move(found->second);
  parked_.erase(found);
  return messages;
}

std::vector<RoomState::Delivery> RoomState::unpark_all() {
  std::vector<Delivery> all;
  for (auto& [address, messages] : parked_)
    for (MessagePtr& message : messages) all.push_back({address, std::move(message)});
  parked_.clear();
  return all;
}

Result<> RoomState::subscribe(const std::string& address, Subscription subscription) {
  if (subscriptions_.size() >= limits::kBusSubscriptions)
    return fail(ErrorCode::busy, fmt::format("`{}` cannot subscribe to `{}`: the room has {} subscriptions, "
                                             "and may not have more",
                                             address, subscription.type, subscriptions_.size()));
  subscriptions_.emplace_back(address, std::move(subscription));
  return {};
}

void RoomState::unsubscribe(const std::string& address) {
  std::erase_if(subscriptions_, [&](const auto& one) { return one.first == address; });
}

std::vector<std::string> RoomState::subscribers(const std::string& type) const {
  std::set<std::string> found;
  for (const auto& [address, subscription] : subscriptions_)
    if (subscription.prefix ? type.starts_with(subscription.type) : type == subscription.type)
      found.insert(address);
  return {found.begin(), found.end()};
}

Result<RoomState> restore(const Room& room, const std::vector<Frame>& events,
                          const std::vector<store::Fact>& facts) {
  RoomState state;
  std::vector<RoomState::Delivery> sent;
  for (const Frame& frame : events) {
    if (frame.type != kMessageEvent) continue;
    auto posted = posted_of(frame, room);
    if (!posted) return fail(std::move(posted.error()));
    auto message = std::make_shared<const Message>(std::move(posted->message));
    if (state.knows(message->id)) continue;
    state.begin(message, posted->receivers);
    state.commit(message->id);
    if (message->kind == Kind::reply) state.replied(message);
    for (std::string& to : posted->receivers) sent.push_back({std::move(to), message});
  }
  for (const store::Fact& fact : facts) {
    if (fact.kind != kDoneFact) continue;
    auto done = done_of(fact);
    if (!done) return fail(std::move(done.error()));
    state.done(*done);
  }
  for (RoomState::Delivery& delivery : sent)
    if (state.pending(delivery.message->id, delivery.to)) state.park(std::move(delivery));
  return state;
}

}  // namespace troupe::bus

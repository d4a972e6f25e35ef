#include "runtime/bus/local_bus.h"

#include "runtime/bus/dead_letter_row.h"
#include "runtime/bus/limits.h"
#include "runtime/bus/local_inbox.h"
#include "runtime/bus/local_send.h"
#include "runtime/bus/message_check.h"
#include "runtime/bus/wall_alarm.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace troupe::bus {

namespace {

using RoomKey = std::pair<std::string, std::string>;  // session, run
RoomKey key_of(const Room& room) {
  return {room.session, room.run};
}

std::unexpected<Error> nobody_in(const Room& room) {
  return fail(ErrorCode::not_found,
              fmt::format("no messages are exchanged in run `{}`: nobody is in it", room.run));
}

Error error_of(DeadReason reason, const Message& message) {
  const ErrorCode code = reason == DeadReason::expired        ? ErrorCode::timeout
                         : reason == DeadReason::mailbox_full ? ErrorCode::busy
                                                              : ErrorCode::not_found;
  return {code, fmt::format("nobody will reply to message `{}` of `{}`: it is a dead letter ({})", message.id,
                            message.from, word(reason))};
}

std::unexpected<Error> gone(const Message& message, Stop& stop) {
  return fail(ErrorCode::cancelled,
              fmt::format("nobody waits for the reply to message `{}` any more: {}", message.id,
                          stop.requested() ? "it was stopped" : "its run was left"));
}

class LocalBus final : public Bus {
 public:
  LocalBus(Loop& loop, store::Journal& journal) : loop_(loop), journal_(journal) {}

  Task<Result<>> enter(Room room, bool is_new) override;
  Task<> leave(const Room& room, bool ended) override;
  Result<std::unique_ptr<Inbox>> open(const Room& room, std::string address,
                                      MailboxSettings settings) override;
  Result<> subscribe(const Room& room, const std::string& address, Subscription subscription) override;
  Task<Result<Sent>> send(Message message, Stop& stop) override;
  Task<Result<Message>> request(Message message, Stop& stop) override;
  Task<Result<std::vector<DeadLetter>>> dead_letters(std::string tenant, std::size_t limit) override;
  Task<Result<DeadLetter>> dead_letter(std::string tenant, std::string id) override;
  Task<Result<>> mark_resent(std::string tenant, std::string id) override;

 private:
  std::shared_ptr<LocalRoom> find(const Room& room) const;
  Task<Result<RoomState>> left_in(Room room);
  Task<Result<Sent>> send_in(std::shared_ptr<LocalRoom> room, Message message, Stop& stop);
  Task<Result<Sent>> nowhere(const Message& message);
  Task<Result<store::DeadLetterRow>> row(std::string tenant, std::string id);

  Loop& loop_;
  store::Journal& journal_;
  std::map<RoomKey, std::shared_ptr<LocalRoom>> rooms_;
};

std::shared_ptr<LocalRoom> LocalBus::find(const Room& room) const {
  auto found = rooms_.find(key_of(room));
  return found == rooms_.end() ? nullptr : found->second;
}

Task<Result<RoomState>> LocalBus::left_in(Room room) {
  auto events = co_await journal_.read_run_events(room.run);
  if (!events) co_return fail(std::move(events.error()));
  auto facts = co_await journal_.read_facts(room.run);
  if (!facts) co_return fail(std::move(facts.error()));
  auto state = restore(room, *events, *facts);
  if (!state) co_return within("the messages of run " + room.run, std::move(state.error()));
  co_return state;
}

Task<Result<>> LocalBus::enter(Room room, bool is_new) {
  Result<RoomState> state;
  if (!is_new) state = co_await left_in(room);
  if (!state) co_return fail(std::move(state.error()));
  const RoomKey key = key_of(room);
  if (rooms_.contains(key))
    co_return fail(ErrorCode::conflict, fmt::format("run `{}` was entered already", room.run));
  rooms_.emplace(key, std::make_shared<LocalRoom>(loop_, journal_, std::move(room), std::move(*state)));
  co_return Result<>();
}

Task<> LocalBus::leave(const Room& room, bool ended) {
  auto found = rooms_.find(key_of(room));
  if (found == rooms_.end()) co_return;
  const auto left = found->second;
  rooms_.erase(found);
  store::Append append;
  left->leave(ended, append);
  if (append.dead.empty()) co_return;
  if (auto done = co_await journal_.commit(std::move(append)); !done)
    log::error("the dead letters of a run were not stored",
               {{"run", left->room().run}, {"error", done.error().message}});
}

Result<std::unique_ptr<Inbox>> LocalBus::open(const Room& room, std::string address,
                                              MailboxSettings settings) {
  auto entered = find(room);
  if (!entered) return nobody_in(room);
  auto mailbox = entered->open(address, settings);
  if (!mailbox) return fail(std::move(mailbox.error()));
  return std::make_unique<LocalInbox>(std::move(entered), std::move(address), std::move(*mailbox));
}

Result<> LocalBus::subscribe(const Room& room, const std::string& address, Subscription subscription) {
  auto entered = find(room);
  if (!entered) return nobody_in(room);
  if (!entered->mailbox(address))
    return fail(ErrorCode::not_found, fmt::format("`{}` cannot subscribe: its mailbox is not open", address));
  if (subscription.type.size() > limits::kBusTopicBytes)
    return fail(ErrorCode::too_large, fmt::format("a topic's type has {} bytes; it may have {}",
                                                  subscription.type.size(), limits::kBusTopicBytes));
  return entered->state().subscribe(address, std::move(subscription));
}

Task<Result<Sent>> LocalBus::send(Message message, Stop& stop) {
  if (auto sound = check(message); !sound) co_return fail(std::move(sound.error()));
  auto room = find(message.room);
  if (!room) co_return co_await nowhere(message);
  co_return co_await send_in(std::move(room), std::move(message), stop);
}

Task<Result<Sent>> LocalBus::send_in(std::shared_ptr<LocalRoom> room, Message message, Stop& stop) {
  RoomState& state = room->state();
  while (state.sending(message.id)) {  // what becomes of it is what becomes of this one
    if (stop.requested())
      co_return fail(ErrorCode::cancelled,
                     fmt::format("message `{}`: stopped while the same one was sent", message.id));
    co_await room->change_of(message.id, 0, stop);
  }
  if (state.knows(message.id)) co_return Sent{.duplicate = true};
  if (room->left()) co_return co_await nowhere(message);
  const auto shared = std::make_shared<const Message>(std::move(message));
  LocalSend sending(loop_, journal_, room, shared);
  if (shared->kind != Kind::reply) co_return co_await sending.run(stop);
  if (!state.knows(shared->reply_to))
    co_return fail(ErrorCode::not_found,
                   fmt::format("message `{}` answers `{}`, which nobody sent", shared->id, shared->reply_to));
  if (state.reply_to(shared->reply_to)) co_return Sent{.duplicate = true};
  co_return co_await sending.reply();
}

/// The run of a message is not at work here: it ended, or has not begun.
Task<Result<Sent>> LocalBus::nowhere(const Message& message) {
  if (message.kind == Kind::reply) co_return nobody_in(message.room);
  store::Append append;
  LocalRoom(loop_, journal_, message.room, {})
      .refuse(append, message, DeadReason::closed, "nobody exchanges messages in its run any more");
  if (auto done = co_await journal_.commit(std::move(append)); !done) co_return fail(std::move(done.error()));
  co_return nobody_in(message.room);
}

Task<Result<Message>> LocalBus::request(Message message, Stop& stop) {
  if (message.kind != Kind::task)
    co_return fail(ErrorCode::invalid, fmt::format("message `{}` is a {}; only a task is replied to",
                                                   message.id, word(message.kind)));
  if (auto sound = check(message); !sound) co_return fail(std::move(sound.error()));
  auto room = find(message.room);
  if (!room) {
    auto refused = co_await nowhere(message);
    co_return fail(std::move(refused.error()));
  }
  const RoomState& state = room->state();
  for (;;) {
    if (auto reply = state.reply_to(message.id)) co_return *reply;
    if (auto reason = state.died(message.id)) co_return fail(error_of(*reason, message));
    if (!state.knows(message.id)) {
      auto sent = co_await send_in(room, message, stop);
      if (!sent) co_return fail(std::move(sent.error()));
      continue;
    }
    if (stop.requested() || room->left()) co_return gone(message, stop);
    if (passed(loop_.clock(), message.deadline_ms))
      co_return fail(ErrorCode::timeout,
                     fmt::format("nobody replied to message `{}` to `{}` in time", message.id, message.to));
    co_await room->change_of(message.id, message.deadline_ms, stop);
  }
}

Task<Result<std::vector<DeadLetter>>> LocalBus::dead_letters(std::string tenant, std::size_t limit) {
  auto rows = co_await journal_.dead_letters(std::move(tenant), std::min(limit, limits::kBusDeadLetters));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<DeadLetter> letters;
  for (const store::DeadLetterRow& row : *rows) {
    auto letter = dead_letter_of(row);
    if (!letter) co_return fail(std::move(letter.error()));
    letters.push_back(std::move(*letter));
  }
  co_return letters;
}

Task<Result<store::DeadLetterRow>> LocalBus::row(std::string tenant, std::string id) {
  auto found = co_await journal_.find_dead_letter(std::move(tenant), id);
  if (!found) co_return fail(std::move(found.error()));
  if (!*found) co_return fail(ErrorCode::not_found, fmt::format("there is no dead letter `{}`", id));
  co_return std::move(**found);
}

Task<Result<DeadLetter>> LocalBus::dead_letter(std::string tenant, std::string id) {
  auto found = co_await row(std::move(tenant), std::move(id));
  if (!found) co_return fail(std::move(found.error()));
  co_return dead_letter_of(*found);
}

Task<Result<>> LocalBus::mark_resent(std::string tenant, std::string id) {
  auto found = co_await row(std::move(tenant), std::move(id));
  if (!found) co_return fail(std::move(found.error()));
  found->resent_ms = loop_.clock().wall_ms();
  store::Append append;
  append.dead.push_back(std::move(*found));
  co_return co_await journal_.commit(std::move(append));
}

}  // namespace

std::unique_ptr<Bus> make_local_bus(Loop& loop, store::Journal& journal) {
  return std::make_unique<LocalBus>(loop, journal);
}

}  // namespace troupe::bus

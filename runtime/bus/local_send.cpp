#include "runtime/bus/local_send.h"

#include "runtime/bus/limits.h"
#include "runtime/bus/wall_alarm.h"
#include "runtime/telemetry/log.h"

#include <fmt/format.h>

namespace troupe::bus {

namespace {

std::optional<DeadReason> reason_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::busy:
      return DeadReason::mailbox_full;
    case ErrorCode::timeout:
      return DeadReason::expired;
    case ErrorCode::not_found:
      return DeadReason::no_such_address;
    default:
      return std::nullopt;  // whoever sends it does not want it any more
  }
}

/// Errors that end the sending to all, not to one receiver of a topic.
bool ends_all(ErrorCode code) {
  return code == ErrorCode::timeout || code == ErrorCode::cancelled;
}

}  // namespace

Result<> LocalSend::admissible() {
  const RoomState& state = room_->state();
  if (passed(loop_.clock(), message_->deadline_ms))
    return fail(ErrorCode::timeout, "its deadline had passed before it was sent");
  if (state.messages() >= limits::kBusMessages)
    return fail(ErrorCode::busy,
                fmt::format("{} messages were sent in its run, which may not send more", state.messages()));
  if (state.held_bytes() >= limits::kBusHeldBytes)
    return fail(ErrorCode::busy, fmt::format("the messages of its run hold {} bytes, and may hold {}",
                                             state.held_bytes(), limits::kBusHeldBytes));
  return {};
}

Task<Result<Sent>> LocalSend::run(Stop& stop) {
  auto receivers = direct() ? std::vector{message_->to} : room_->state().subscribers(message_->topic.type);
  if (!direct()) std::erase(receivers, message_->from);
  auto fits = admissible();
  room_->state().begin(message_, receivers);
  if (!fits) co_return co_await give_up(std::move(fits.error()));
  if (auto placed = co_await take_places(receivers, stop); !placed)
    co_return co_await give_up(std::move(placed.error()));

  store::Append append;
  for (const auto& [address, error] : refused_)
    room_->kill(append, address, *message_, reason_of(error.code).value_or(DeadReason::closed),
                error.message);
  if (receivers.empty())
    room_->refuse(append, *message_, DeadReason::no_subscriber, "nobody else subscribes to its topic");
  Posted posted{*message_, {}};
  for (const Placed& one : placed_) posted.receivers.push_back(one.address);
  append.events.push_back(event_of(posted));
  if (auto done = co_await journal_.commit(std::move(append)); !done)
    co_return co_await give_up(std::move(done.error()));
  room_->state().commit(message_->id);
  for (const Placed& one : placed_) room_->deliver(one.address, *one.mailbox, one.place, message_);
  room_->changed(message_->id);
  co_return Sent{.receivers = std::move(posted.receivers)};
}

/// In the order of their addresses: two who hold a place each and wait for the other's cannot be.
Task<Result<>> LocalSend::take_places(std::vector<std::string> receivers, Stop& stop) {
  for (const std::string& address : receivers) {
    auto place = co_await take_place(address, stop);
    if (place) continue;
    if (direct() || ends_all(place.error().code)) co_return fail(std::move(place.error()));
    refused_.emplace_back(address, std::move(place.error()));
  }
  co_return Result<>();
}

Task<Result<MailboxState::Place>> LocalSend::take_place(const std::string& address, Stop& stop) {
  auto mailbox = room_->mailbox(address);
  if (!mailbox) co_return fail(ErrorCode::not_found, fmt::format("nobody is at the address `{}`", address));
  auto place = co_await mailbox->place(message_, stop);
  if (place) placed_.push_back({address, std::move(mailbox), *place});
  co_return place;
}

Task<Result<Sent>> LocalSend::give_up(Error error) {
  for (const Placed& one : placed_) one.mailbox->give_back(one.place);
  room_->state().abort(message_->id);
  room_->changed(message_->id);
  // After a shutdown the next process sends it.
  const auto reason = room_->left() && !room_->ended() ? std::nullopt : reason_of(error.code);
  if (reason) {
    store::Append append;
    room_->refuse(append, *message_, *reason, error.message);
    if (auto done = co_await journal_.commit(std::move(append)); !done)
      log::error("a dead letter was not stored", {{"error", done.error().message}});
  }
  co_return within(fmt::format("message `{}` of `{}` to `{}`", message_->id, message_->from,
                               direct() ? message_->to : message_->topic.type),
                   std::move(error));
}

Task<Result<Sent>> LocalSend::reply() {
  RoomState& state = room_->state();
  state.begin(message_, {});
  store::Append append;
  append.events.push_back(event_of({*message_, {}}));
  if (auto done = co_await journal_.commit(std::move(append)); !done)
    co_return co_await give_up(std::move(done.error()));
  state.commit(message_->id);
  state.replied(message_);
  room_->changed(message_->id);
  room_->changed(message_->reply_to);
  co_return Sent{.receivers = {message_->to}};
}

}  // namespace troupe::bus

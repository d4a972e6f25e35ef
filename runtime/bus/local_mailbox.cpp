#include "runtime/bus/local_mailbox.h"

#include "runtime/bus/wall_alarm.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::bus {

LocalMailbox::LocalMailbox(Loop& loop, MailboxSettings settings, Lost lost)
    : loop_(loop), state_(settings), lost_(std::move(lost)) {}

Task<Result<MailboxState::Place>> LocalMailbox::place(MessagePtr message, Stop& stop) {
  if (closed_) co_return fail(ErrorCode::not_found, "the mailbox was closed");
  expire();
  const Kind kind = message->kind;
  const bool turn = kind == Kind::control || senders_.empty();
  if (turn && state_.has_room(kind)) co_return state_.take_place(std::move(message));
  if (state_.settings().when_full == WhenFull::wait)
    co_return co_await wait_for_room(std::move(message), stop);
  co_return fail(ErrorCode::busy, fmt::format("the mailbox is full: it holds {} messages that wait",
                                              state_.settings().capacity));
}

Task<Result<MailboxState::Place>> LocalMailbox::wait_for_room(MessagePtr message, Stop& stop) {
  Sender sender{std::move(message), OneShot<Wait>(loop_)};
  senders_.push_back(&sender);
  auto hook = stop.on_request([&sender] { sender.end.set(Wait::stopped); });
  const std::int64_t deadline = sender.message->deadline_ms;
  Loop::Alarm alarm;
  std::function<void()> look = [&] {
    if (passed(loop_.clock(), deadline))
      sender.end.set(Wait::expired);
    else
      alarm = loop_.at(alarm_for(loop_.clock(), deadline), look);
  };
  if (deadline != 0) alarm = loop_.at(alarm_for(loop_.clock(), deadline), look);
  const Wait end = co_await sender.end.wait();
  std::erase(senders_, &sender);
  if (end == Wait::placed) co_return sender.place;
  // Those behind may have waited for this one's turn only.
  let_in();
  if (end == Wait::closed)
    co_return fail(ErrorCode::not_found, "the mailbox was closed before there was room in it");
  if (end == Wait::expired)
    co_return fail(ErrorCode::timeout, "its deadline passed before there was room in the mailbox");
  co_return fail(ErrorCode::cancelled, "stopped while it waited for room in the mailbox");
}

void LocalMailbox::let_in() {
  while (!senders_.empty() && state_.has_room(senders_.front()->message->kind)) {
    Sender& next = *senders_.front();
    senders_.pop_front();
    if (next.end.is_set()) continue;  // it was stopped and has not gone yet
    next.place = state_.take_place(next.message);
    next.end.set(Wait::placed);
  }
}

void LocalMailbox::deliver(MailboxState::Place place) {
  if (!state_.ready(place)) return;
  if (MessagePtr oldest = state_.drop_overflow()) lost_({std::move(oldest)}, DeadReason::mailbox_full);
  arm();
  if (receiver_) receiver_->set(true);
}

void LocalMailbox::give_back(MailboxState::Place place) {
  state_.give_back(place);
  let_in();
  if (receiver_) receiver_->set(true);  // one of the same sender may have been behind it
}

void LocalMailbox::deliver_again(MessagePtr message) {
  deliver(state_.take_place(std::move(message)));
}

Task<Result<MessagePtr>> LocalMailbox::receive(Stop& stop) {
  for (;;) {
    if (stop.requested()) co_return fail(ErrorCode::cancelled, "stopped while it waited for a message");
    if (closed_) co_return fail(ErrorCode::cancelled, "the mailbox was closed");
    expire();
    if (MessagePtr message = state_.take()) {
      let_in();
      co_return message;
    }
    OneShot<bool> ready(loop_);
    receiver_ = &ready;
    auto hook = stop.on_request([&ready] { ready.set(false); });
    co_await ready.wait();
    receiver_ = nullptr;
  }
}

std::vector<MessagePtr> LocalMailbox::notes() {
  expire();
  return state_.notes();
}

void LocalMailbox::remove_note(const std::string& id) {
  if (state_.remove_note(id)) let_in();
}

void LocalMailbox::expire() {
  auto late = state_.take_expired(loop_.clock().wall_ms());
  if (late.empty()) return;
  let_in();
  lost_(std::move(late), DeadReason::expired);
}

/// So that what nobody receives is told of in time, and whoever waits for its place gets it.
void LocalMailbox::arm() {
  const auto next = state_.next_deadline();
  if (!next || (armed_for_ != 0 && armed_for_ <= *next)) return;
  armed_for_ = *next;
  alarm_ = loop_.at(alarm_for(loop_.clock(), *next), [this] {
    armed_for_ = 0;
    expire();
    arm();
  });
}

std::vector<MessagePtr> LocalMailbox::close() {
  closed_ = true;
  alarm_.reset();
  for (Sender* sender : senders_) sender->end.set(Wait::closed);
  if (receiver_) receiver_->set(false);
  return state_.take_all();
}

}  // namespace troupe::bus

#pragma once

#include "runtime/bus/bus.h"
#include "runtime/bus/local_room.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::bus {

/// The receiving end of one mailbox of a room.
class LocalInbox final : public Inbox {
 public:
  LocalInbox(std::shared_ptr<LocalRoom> room, std::string address, std::shared_ptr<LocalMailbox> mailbox)
      : room_(std::move(room)), address_(std::move(address)), mailbox_(std::move(mailbox)) {}
  ~LocalInbox() override { room_->close(address_, *mailbox_); }

  Task<Result<Message>> receive(Stop& stop) override {
    for (;;) {
      auto message = co_await mailbox_->receive(stop);
      if (!message) co_return fail(std::move(message.error()));
      // Somebody else may have replied to it while it waited.
      if (room_->state().pending((*message)->id, address_)) co_return **message;
    }
  }
  std::vector<Message> notes() override {
    std::vector<Message> lying;
    for (const MessagePtr& note : mailbox_->notes())
      if (room_->state().pending(note->id, address_)) lying.push_back(*note);
    return lying;
  }
  void done(const std::string& id) override {
    mailbox_->remove_note(id);
    room_->done(address_, id);
  }
  std::size_t waiting() const override { return mailbox_->waiting(); }

 private:
  const std::shared_ptr<LocalRoom> room_;
  const std::string address_;
  const std::shared_ptr<LocalMailbox> mailbox_;
};

}  // namespace troupe::bus

#pragma once

#include "runtime/bus/bus.h"
#include "runtime/bus/local_room.h"

#include <memory>
#include <vector>

namespace troupe::bus {

/// One message on its way into the mailboxes of a room: places are taken, it is committed, it is delivered.
/// Where that ends early everything is as before, but for dead letters.
class LocalSend {
 public:
  LocalSend(Loop& loop, store::Journal& journal, std::shared_ptr<LocalRoom> room, MessagePtr message)
      : loop_(loop), journal_(journal), room_(std::move(room)), message_(std::move(message)) {}

  /// Of a message that check() let through and whose id the room does not know. Errors: as Bus::send().
  Task<Result<Sent>> run(Stop& stop);
  /// The same for a reply.
  Task<Result<Sent>> reply();

 private:
  struct Placed {
    std::string address;
    std::shared_ptr<LocalMailbox> mailbox;
    MailboxState::Place place;
  };

  Result<> admissible();
  Task<Result<>> take_places(std::vector<std::string> receivers, Stop& stop);
  Task<Result<MailboxState::Place>> take_place(const std::string& address, Stop& stop);
  Task<Result<Sent>> give_up(Error error);
  bool direct() const { return !message_->to.empty(); }

  Loop& loop_;
  store::Journal& journal_;
  const std::shared_ptr<LocalRoom> room_;
  const MessagePtr message_;
  std::vector<Placed> placed_;
  std::vector<std::pair<std::string, Error>> refused_;  // receivers of a topic that will not get it
};

}  // namespace troupe::bus

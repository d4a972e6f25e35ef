#include "runtime/bus/message.h"

namespace troupe::bus {

std::string_view word(Kind kind) {
  switch (kind) {
    case Kind::task:
      return "task";
    case Kind::reply:
      return "reply";
    case Kind::note:
      return "note";
    case Kind::control:
      break;
  }
  return "control";
}

std::string_view word(DeadReason reason) {
  switch (reason) {
    case DeadReason::no_such_address:
      return "no_such_address";
    case DeadReason::mailbox_full:
      return "mailbox_full";
    case DeadReason::expired:
      return "expired";
    case DeadReason::closed:
      return "closed";
    case DeadReason::no_subscriber:
      break;
  }
  return "no_subscriber";
}

}  // namespace troupe::bus

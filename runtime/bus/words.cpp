#include "runtime/bus/words.h"

namespace troupe::bus {

std::optional<Kind> kind_of(std::string_view text) {
  for (Kind kind : {Kind::task, Kind::reply, Kind::note, Kind::control})
    if (word(kind) == text) return kind;
  return std::nullopt;
}

std::optional<DeadReason> dead_reason_of(std::string_view text) {
  for (DeadReason reason : {DeadReason::no_such_address, DeadReason::mailbox_full, DeadReason::expired,
                            DeadReason::closed, DeadReason::no_subscriber})
    if (word(reason) == text) return reason;
  return std::nullopt;
}

}  // namespace troupe::bus

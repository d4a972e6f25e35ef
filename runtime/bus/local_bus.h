#pragma once

#include "runtime/async/loop.h"
#include "runtime/bus/bus.h"
#include "runtime/store/journal.h"

#include <memory>

namespace troupe::bus {

/// A bus within this process, as durable as its journal: a message is a `message` event of its run, a
/// receiver that is through with it a fact `bus.done`. Both outlive the bus, and the bus its inboxes and
/// whoever is in one of its calls.
///
/// An address can be sent to while its mailbox is open; what an earlier process sent, or what was left in a
/// mailbox that was closed, waits for it to be opened again. A message to a topic goes to those who subscribe
/// when it is sent; a mailbox without room for it has a dead letter, and who sends is
/// not told. The dead letter of such a copy has its receiver as `to` and an id of its own, ID@RECEIVER.
///
/// What is written: one append a message, one a reply, one a done(), one for what dies together.
std::unique_ptr<Bus> make_local_bus(Loop& loop, store::Journal& journal);

}  // namespace troupe::bus

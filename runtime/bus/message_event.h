#pragma once

#include "runtime/base/event.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/bus/message.h"
#include "runtime/store/journal.h"

#include <optional>
#include <string>
#include <vector>

/// Messages as the journal has them: the event `message` of docs/protocol.md, and the fact that says that a
/// receiver is through with one.
namespace troupe::bus {

inline constexpr std::string_view kMessageEvent = "message";
inline constexpr std::string_view kDoneFact = "bus.done";

/// A message that was sent. `receivers`: of one to a topic, who it went to at that moment.
struct Posted {
  Message message;
  std::vector<std::string> receivers;
};

/// `id`, `from`, `to`, `topic`, `kind`, `text`, `reply_to`, `data`, `deadline_ms`: those that apply.
Json fields_of(const Message& message);
/// Reads them back. Errors: invalid (no object, a kind that is none).
Result<Message> message_of(const Json& fields, Room room);

Event event_of(const Posted& posted);
/// Errors: invalid; the frame is named.
Result<Posted> posted_of(const Frame& frame, const Room& room);

/// That `to` is through with a message: it worked on it, or will not get it any more (`dead`).
struct Done {
  std::string id;
  std::string to;
  std::optional<DeadReason> dead;
};
store::Fact fact_of(const Done& done, const std::string& run);
/// Errors: invalid.
Result<Done> done_of(const store::Fact& fact);

}  // namespace troupe::bus

#pragma once

#include "runtime/base/json.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::bus {

/// What a message is for; decides who is woken first and what is waited for.
enum class Kind {
  task,     ///< work for its receiver, who answers with a reply
  reply,    ///< answers the message `reply_to`
  note,     ///< nobody is expected to answer
  control,  ///< goes before all others of a mailbox
};
std::string_view word(Kind kind);

/// Where a message about a matter goes: to all whose subscription takes in its type. The source says which
/// one of the many things of that type it is about (AutoGen's vocabulary: TopicId).
struct Topic {
  std::string type;
  std::string source;
  bool operator==(const Topic&) const = default;
};

/// The traffic that a message belongs to: a run, in whose session it is journaled. Addresses mean nothing
/// outside of it.
struct Room {
  std::string tenant;
  std::string session;
  std::string run;
  bool operator==(const Room&) const = default;
};

/// One message between agents. A value: it may cross processes, and nothing in it points anywhere.
struct Message {
  /// Unique in its session, and the same each time the same message is sent: a second one with the same id is
  /// the first one again.
  std::string id;
  Room room;
  std::string from;  ///< an address: "team/agent", or "team" for the team itself
  std::string to;    ///< an address; "": everybody who subscribes to the topic
  Topic topic;       ///< of a message without `to`
  Kind kind = Kind::note;
  std::string text;
  Json data;                     ///< what goes along for programs; null: nothing
  std::string reply_to;          ///< of a reply: the id of the message it answers
  std::int64_t deadline_ms = 0;  ///< when it is no use any more, wall time; 0: never
};

/// Why a message was not delivered.
enum class DeadReason {
  no_such_address,  ///< nobody is there, and nobody can be made
  mailbox_full,     ///< too many waited already
  expired,          ///< its deadline passed while it waited
  closed,           ///< its room, or its receiver, ended before it was taken
  no_subscriber,    ///< of a topic
};
std::string_view word(DeadReason reason);

/// A message that could not be delivered, kept for people to read and to send again. Of one to a topic it is
/// the copy of one receiver: that is its `to`, and its id is ID@RECEIVER.
struct DeadLetter {
  Message message;
  DeadReason reason = DeadReason::closed;
  std::string detail;          ///< for people
  std::int64_t at_ms = 0;      ///< wall time
  std::int64_t resent_ms = 0;  ///< 0: not yet; also set by a run that came of its resend_id()
};

}  // namespace troupe::bus

#pragma once

#include <cstdint>
#include <string>

namespace troupe::store {

/// A message that could not be delivered, as it is kept. A projection like those of sessions and runs; what
/// is in it is the bus's (runtime/bus/dead_letter_row.h). One of a session has its id.
struct DeadLetterRow {
  std::string id;  ///< of the message, unique in its session
  std::string session;
  std::string tenant;
  std::string run;
  std::string reason;  ///< a stable word
  std::string detail;  ///< for people
  std::string body;    ///< JSON text: the message
  /// The message id that it is sent again with. A run of the session that came of this id has resent it.
  std::string resend_id;
  std::int64_t at_ms = 0;
  std::int64_t resent_ms = 0;  ///< as it was written, or when the run of `resend_id` was made; 0: not yet
};

}  // namespace troupe::store

#pragma once

#include "models/message.h"

#include <string>
#include <string_view>

namespace troupe::models::builtin {

/// Who the model is told to be, from the system messages.
struct Seat {
  bool member = false;    ///< of a team
  std::string name;       ///< in the team
  std::string_view role;  ///< what stands before the paragraph about the team; all of it where there is none
  std::string_view schema;  ///< the JSON Schema that the answer must fit; ""
};

/// Linear in the system messages. Views point into the transcript.
Seat read_seat(const Transcript& transcript);

}  // namespace troupe::models::builtin

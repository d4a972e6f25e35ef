#pragma once

#include "runtime/bus/message.h"

#include <string>
#include <vector>

namespace troupe::agents {

/// What a member reads at its turn of the notes that wait for it: as many of the oldest as
/// limits::kTurnNotesBytes hold, the first in any case.
struct TurnNotes {
  /// Stands behind the task. Each note is labelled with who sent it and what it is about, and quoted, so that
  /// nothing in it passes for the team's own words; "": there are none.
  std::string text;
  std::vector<std::string> ids;  ///< of those that are in it
};
TurnNotes notes_for_turn(const std::vector<bus::Message>& unread);

}  // namespace troupe::agents

#pragma once

#include "agents/teams/conversation/conversation.h"
#include "agents/teams/crew.h"
#include "agents/teams/settings.h"

#include <cstddef>
#include <optional>
#include <string>

namespace troupe::agents {

/// A condition that holds.
struct Held {
  std::string words;              ///< which, for people: `writer said "TERMINATE"`
  std::string marker;             ///< of a `text`: what was said; else ""
  std::optional<std::size_t> at;  ///< of a `text`: in which utterance
};

/// Whether the condition holds. Messages are what members said; the task and remarks of the team are none,
/// so that a task may name the word that ends the work. A list without parts never holds. Pure.
std::optional<Held> holds(const UntilSettings& until, const Conversation& said, const TeamUse& use);

/// Whether the team's own condition holds now. Where that depends on the clock or on what was used it is a
/// decision of the crew under `key`, so that a run that goes on in another process ends at the same place.
std::optional<Held> held_until(Crew& crew, const std::string& key, const Conversation& said);

}  // namespace troupe::agents

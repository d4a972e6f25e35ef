#pragma once

#include "agents/react/observation.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::agents {

/// What the engine tells the model beside an observation: what a person changed, how to read on, what it
/// repeats. Nothing in the output can pose as it.
std::string note_of(const Observation& observation, std::string_view about_repeats);

/// The observation with no more than the first `bytes` of what it says, and a note that tells so: where more
/// of it can be read, or how much there was. Cut between characters.
Observation shortened(const Observation& observation, std::size_t bytes, std::string_view about_repeats);

/// Bytes of what it says.
std::size_t said_bytes(const Observation& observation);

}  // namespace troupe::agents

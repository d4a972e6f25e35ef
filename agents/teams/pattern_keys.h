#pragma once

#include "agents/teams/settings.h"
#include "runtime/config/record.h"
#include "runtime/config/scalars.h"

namespace troupe::agents {

/// The patterns with a line about each, for messages and the schema.
config::Words pattern_words();

/// Adds the keys that only teams of one pattern have.
void add_pattern_keys(PatternKind pattern, config::Record<TeamSettings>& record);

}  // namespace troupe::agents

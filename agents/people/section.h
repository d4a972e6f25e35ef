#pragma once

#include "agents/people/settings.h"
#include "runtime/config/record.h"

namespace troupe::agents {

/// `approvals` of an agent: how long its calls wait for a person.
config::Record<PeopleSettings> approvals_section();

/// `people` of a team: the same for its own calls, and what counts as the answer to its own questions.
config::Record<PeopleSettings> people_section();

}  // namespace troupe::agents

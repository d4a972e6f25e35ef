#pragma once

#include "runtime/async/task.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <string>

namespace troupe::agents {

/// Why a decision about `call` finds nothing that waits for it: conflict (somebody was faster) or not_found;
/// errors of the journal as they are. `run`: it or one below it is meant; "": the newest of the session that
/// is below no other. Looks at the newest runs of the session.
Task<Error> why_no_call_waits(store::Journal& journal, std::string tenant, std::string session,
                              std::string run, std::string call);

}  // namespace troupe::agents

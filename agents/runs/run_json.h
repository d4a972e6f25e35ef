#pragma once

#include "agents/runs/approval.h"
#include "runtime/base/json.h"
#include "runtime/store/journal.h"

namespace troupe::agents {

/// The fields of a run as the interfaces show it. Pure.
Json to_json(const store::RunRow& row);
/// The same of a call that waits. The session is left out: whoever asks has named it.
Json to_json(const PendingApproval& waiting);

}  // namespace troupe::agents

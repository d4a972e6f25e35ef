#pragma once

#include "runtime/base/json.h"
#include "runtime/store/journal.h"

namespace troupe::agents {

/// The fields of a run as the interfaces show it. Pure.
Json to_json(const store::RunRow& row);

}  // namespace troupe::agents

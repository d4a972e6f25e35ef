#pragma once

#include "agents/agent.h"
#include "memory/conversation/memory.h"
#include "memory/conversation/step_source.h"
#include "models/model.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <memory>

namespace troupe::agents {

/// How an agent's memory measures a message: as its model counts.
memory::Ruler ruler_of(const Agent& agent);

/// The memory of an agent over a journal. `summariser`: in the place of the agent's own; null: that one. All
/// outlive it. Errors: as memory::make_memory().
Result<std::unique_ptr<memory::Memory>> memory_of(const Agent& agent, store::Journal& journal,
                                                  memory::StepSource& steps,
                                                  models::Model* summariser = nullptr);

}  // namespace troupe::agents

#pragma once

#include "agents/guardrails/settings.h"
#include "runtime/config/record.h"

namespace troupe::agents {

/// `guardrails:` of an agent.
config::Record<GuardrailSettings> guardrails_section();

}  // namespace troupe::agents

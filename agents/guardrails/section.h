#pragma once

#include "agents/guardrails/settings.h"
#include "runtime/config/record.h"

#include <vector>

namespace troupe::agents {

/// `guardrails:` of an agent.
config::Record<GuardrailSettings> guardrails_section();

/// Rules for a result, as in `guardrails: { output: [ … ] }`; a single one may stand without the list.
config::ShapePtr<std::vector<RuleSettings>> output_rules();

}  // namespace troupe::agents

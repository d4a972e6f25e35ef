#pragma once

#include "agents/guardrails/settings.h"
#include "models/model.h"
#include "plugins/plugins.h"
#include "runtime/base/result.h"

#include <memory>
#include <string_view>

namespace troupe::agents {

inline constexpr std::string_view kGuardrailKind = "guardrail";

/// Who judges for a rule that names a plugin: the guardrail of that plugin, asked as a model is. It is shown
/// what a model would be, as one JSON object with the rule's side and settings beside the text, and what it
/// answers is held strictly against {"pass": true|false, "reason": "…"}: whoever reads on has a verdict or an
/// error. Without tokens and price. It keeps the plugin as it is: of a newer one there is a new judge.
///
/// A verdict takes as long as the guardrail says, else limits::kPluginVerdictTime, and never longer than the
/// call it is given. Errors of calls: those of Plugin::call(), protocol (no verdict). Errors here: not_found
/// (no such plugin or guardrail, or several and none is named), invalid (the rule's settings do not fit).
Result<std::shared_ptr<models::Model>> make_plugin_judge(const RuleSettings& rule,
                                                         const plugins::PluginTable& plugins);

}  // namespace troupe::agents

#pragma once

#include "agents/guardrails/settings.h"
#include "models/settings.h"
#include "runtime/config/collections.h"
#include "runtime/config/keys.h"

#include <optional>
#include <string>
#include <vector>

namespace troupe::app {

using Models = config::Entries<models::ModelSettings>;

/// A model and its fallbacks, those that are there.
std::vector<const models::ModelSettings*> chain_of(const Models& all, const std::string& name);

/// Of a model and its fallbacks, one whose cost cannot be known.
std::optional<std::string> unpriced(const Models& all, const std::string& name);

/// "the model `x`", or as what of it a fallback is asked.
std::string as_asked(const std::string& one, const std::string& model);

/// Reports rules whose model cannot judge, or has no price where `limited` says that costs are limited.
/// `list`: where the rules are, "guardrails.input".
void check_judges(const Models& all, bool limited, const std::vector<agents::RuleSettings>& rules,
                  const std::string& list, config::Check& here);

}  // namespace troupe::app

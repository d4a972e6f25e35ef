#pragma once

#include "models/settings.h"
#include "runtime/config/collections.h"
#include "runtime/config/keys.h"

namespace troupe::models {

/// Rules about entries of `models:` that concern more than one of them: what a cassette may play, and which
/// entries need a key, which those that are only played back do not. `check` is at the record with the
/// section.
void check_entries(const config::Entries<ModelSettings>& models, config::Check& check);

}  // namespace troupe::models

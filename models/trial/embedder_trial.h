#pragma once

#include "models/embedder.h"
#include "models/embedders/settings.h"
#include "models/trial/finding.h"

namespace troupe::models {

/// An entry as a trial asks it: one attempt.
EmbedderSettings trial_settings(EmbedderSettings settings);

/// Finds out what works, by one request of two short texts. At most limits::kTrialTime. Loop thread.
Task<Findings> try_embedder(Embedder& embedder, EmbedderSettings settings, CallContext& context);

}  // namespace troupe::models

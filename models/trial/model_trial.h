#pragma once

#include "models/model.h"
#include "models/settings.h"
#include "models/trial/finding.h"

namespace troupe::models {

/// An entry as a trial asks it: few tokens, one attempt, no fallback that would answer in its place.
ModelSettings trial_settings(ModelSettings settings);

/// What there is to say of a cassette, which has nothing to try.
Findings findings_of_cassette(const ModelSettings& settings);

/// Finds out what works, by three tiny calls at most: an answer, and with it the connection, the stream and
/// the counting of tokens; a native call of a tool; a reply held to a schema. Ends after the first when that
/// failed. At most limits::kTrialTime. `model` is made of trial_settings(). Loop thread.
Task<Findings> try_model(Model& model, ModelSettings settings, CallContext& context);

}  // namespace troupe::models

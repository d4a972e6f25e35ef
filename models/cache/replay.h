#pragma once

#include "models/model.h"

namespace troupe::models {

/// Gives a whole reply again as a stream: reasoning, then text, in pieces, with turns of the loop in between.
/// Where `sink` has enough and more was to come, the reply is what it read, closed early. Errors: cancelled
/// (or timeout), as Model says.
Task<Result<ModelReply>> replay(ModelReply reply, TokenSink& sink, CallContext& context);

}  // namespace troupe::models

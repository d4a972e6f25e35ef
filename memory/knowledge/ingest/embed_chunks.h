#pragma once

#include "memory/knowledge/ingest/cut_document.h"
#include "models/embedder.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"

namespace troupe::memory {

/// A vector for each chunk, of its text alone, as a query is embedded alone: what is compared is of one kind.
/// The texts go out some at a time, so that a stop is heeded and no copy of a whole document is held. Loop
/// thread; `cut` outlives the call. Errors: those of the embedder; too_large (more than kVectorBytes of
/// vectors), protocol (not a vector for each text, or not of one length).
Task<Result<models::Vectors>> embed_chunks(models::Embedder& embedder, const CutDocument& cut,
                                           CallContext& context);

}  // namespace troupe::memory
